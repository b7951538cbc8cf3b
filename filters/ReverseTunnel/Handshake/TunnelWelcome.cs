namespace FilterProxy.Filters.ReverseTunnel.Handshake;

/// <summary>What a server answers to an agent it lets in.</summary>
/// <param name="SessionId">Names the agent's session in later connections.</param>
/// <param name="PingInterval">How often the server asks whether the agent is there.</param>
/// <param name="PingTimeout">How long it waits for an answer.</param>
/// <param name="MaxStreams">The most streams of one connection at a time.</param>
internal sealed record TunnelWelcome(string SessionId, TimeSpan PingInterval, TimeSpan PingTimeout, int MaxStreams)
{
    /// <summary>What of the agent's capabilities is allowed.</summary>
    public TunnelCapabilities Capabilities { get; init; }

    /// <summary>The agent's services with their places as the server has given them.</summary>
    public IReadOnlyList<TunnelService> Services { get; init; } = [];
}
