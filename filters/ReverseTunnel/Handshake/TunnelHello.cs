using FilterProxy.Filters.ReverseTunnel.Identity;
using FilterProxy.Filters.ReverseTunnel.Secret;

namespace FilterProxy.Filters.ReverseTunnel.Handshake;

/// <summary>What an agent says when it opens a connection.</summary>
/// <param name="Identity">Who it says it is.</param>
internal sealed record TunnelHello(TunnelIdentity Identity)
{
    /// <summary>The version of the handshake this program speaks.</summary>
    public const int CurrentVersion = 1;

    /// <summary>The version it speaks; 0 for an agent that knows nothing of ours, as Envoy.</summary>
    public int Version { get; init; } = CurrentVersion;

    /// <summary>What it can carry; on the server, what it also may.</summary>
    public TunnelCapabilities Capabilities { get; init; }

    /// <summary>What the connection is for.</summary>
    public TunnelKind Kind { get; init; }

    /// <summary>Free facts about it, e.g. <c>zone</c>.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();

    /// <summary>What it registers.</summary>
    public IReadOnlyList<TunnelService> Services { get; init; } = [];

    /// <summary>The number of this state of its services; 0 for an agent that tells of no changes.</summary>
    public long Revision { get; init; }

    /// <summary>What a visitor wants to reach; null for an agent.</summary>
    public TunnelVisit? Visit { get; init; }

    /// <summary>The session the connection belongs to, from an earlier welcome; null for a new one.</summary>
    public string? SessionId { get; init; }

    /// <summary>What it calls the server; null where it does not say.</summary>
    public string? Server { get; init; }
}
