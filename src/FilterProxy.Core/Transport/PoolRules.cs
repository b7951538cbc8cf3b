namespace FilterProxy.Core.Transport;

/// <summary>Limits of the connections to one peer.</summary>
/// <param name="Min">Kept open even when idle, and opened ahead of use.</param>
/// <param name="Max">At most this many at once; an exchange over it waits. 0 for no limit.</param>
/// <param name="MaxIdle">At most this many idle ones are kept.</param>
/// <param name="IdleTimeout">An idle connection over <paramref name="Min"/> is closed after this long; zero for no limit.</param>
/// <param name="Lifetime">A connection older than this is not used again; zero for no limit.</param>
/// <param name="ConnectTimeout">The longest a connect, or the wait for a free connection, may take; zero for no limit.</param>
internal sealed record PoolRules(int Min, int Max, int MaxIdle, TimeSpan IdleTimeout, TimeSpan Lifetime, TimeSpan ConnectTimeout)
{
    /// <summary>A connection told the upstream whose it is: it serves that client alone.</summary>
    public bool PerDownstream { get; init; }

    /// <summary>Whether an exchange that waits for a new connection takes one that comes back before: where new ones are not to be had at will.</summary>
    public bool TakesReturned { get; init; }

    /// <summary>Exchanges that may wait for a connection.</summary>
    public int MaxPending { get; init; } = int.MaxValue;

    /// <summary>The limit of all pools of the cluster together; null for none.</summary>
    public ConnectionLimit? InAll { get; init; }

    public static readonly PoolRules Default =
        new(0, 0, 256, TimeSpan.FromSeconds(60), TimeSpan.FromMinutes(10), TimeSpan.FromSeconds(5));
}
