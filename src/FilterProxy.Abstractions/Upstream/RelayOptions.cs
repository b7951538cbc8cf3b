namespace FilterProxy;

/// <summary>What a relay of byte streams is kept to.</summary>
public sealed record RelayOptions
{
    /// <summary>No deadlines, no rates.</summary>
    public static RelayOptions Default { get; } = new();

    /// <summary>How long neither side may send anything; zero for no limit.</summary>
    public TimeSpan IdleTimeout { get; init; }

    /// <summary>How long it may last; zero for no limit.</summary>
    public TimeSpan MaxDuration { get; init; }

    /// <summary>Endpoints that are tried until one takes the connection; 0 for all there are.</summary>
    public int ConnectAttempts { get; init; }

    /// <summary>
    /// After this long without a byte the kernel asks whether the other machine is still there (SO_KEEPALIVE), on both sides; zero for never.
    /// </summary>
    public TimeSpan KeepAlive { get; init; }

    /// <summary>What bytes to the upstream are counted against; each relay waits for all of them.</summary>
    public IReadOnlyList<ByteRate> ToUpstream { get; init; } = [];

    /// <summary>As <see cref="ToUpstream"/>, for bytes to the client.</summary>
    public IReadOnlyList<ByteRate> ToDownstream { get; init; } = [];
}

/// <summary>What a relay did.</summary>
/// <param name="ToUpstream">Bytes sent to the upstream.</param>
/// <param name="ToDownstream">Bytes sent to the client.</param>
/// <param name="Reason">
/// What ended it: <c>client_closed</c>, <c>upstream_closed</c>, <c>client_reset</c>, <c>upstream_reset</c>, <c>idle_timeout</c>,
/// <c>max_duration</c>, <c>aborted</c> (cut by the proxy, at a drain deadline for one), or why there was no upstream:
/// <c>connection_refused</c>, <c>connect_timeout</c>, <c>no_endpoint</c>, <c>overloaded</c> and others.
/// </param>
/// <param name="Endpoint">The endpoint it was relayed to, or the last that was tried; null for none.</param>
/// <param name="IsConnected">Whether there was a connection to an upstream.</param>
public readonly record struct RelayReport(long ToUpstream, long ToDownstream, string Reason, Endpoint? Endpoint, bool IsConnected);
