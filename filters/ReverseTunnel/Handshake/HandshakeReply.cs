namespace FilterProxy.Filters.ReverseTunnel.Handshake;

/// <summary>How a handshake ended for an agent.</summary>
/// <param name="Welcome">The server's settings; null when it refused.</param>
/// <param name="Status">The status of its reply; 0 when there was none that can be read.</param>
/// <param name="Reason">Why there is no tunnel: what the server said, or what was wrong with its reply.</param>
/// <param name="RetryAfter">When the server wants to be asked again; null where it does not say.</param>
internal sealed record HandshakeReply(TunnelWelcome? Welcome, int Status, string Reason, TimeSpan? RetryAfter = null);
