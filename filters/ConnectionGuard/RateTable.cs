namespace FilterProxy.Filters.ConnectionGuard;

/// <summary>
/// When each client may open its next connection (the generic cell rate algorithm: one number per client), in two generations: what a
/// client's number allows all of is not kept, and of too many clients the older generation is dropped.
/// </summary>
internal sealed class RateTable(TimeProvider time)
{
    private readonly Lock _lock = new();
    private readonly long _start = time.GetTimestamp();
    private Dictionary<UInt128, double> _new = [];
    private Dictionary<UInt128, double> _old = [];

    /// <summary>Clients remembered now.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _new.Count + _old.Count;
            }
        }
    }

    /// <summary>Counts a connection, unless the client has opened too many.</summary>
    /// <param name="client">Whose.</param>
    /// <param name="interval">Seconds a connection costs.</param>
    /// <param name="burst">Connections that may come at once.</param>
    /// <param name="maxClients">Clients to remember.</param>
    public bool TryTake(UInt128 client, double interval, int burst, int maxClients)
    {
        var now = time.GetElapsedTime(_start).TotalSeconds;
        lock (_lock)
        {
            if (!_new.TryGetValue(client, out var due) && !_old.Remove(client, out due))
            {
                due = now;
            }

            due = Math.Max(due, now);
            var allowed = due + interval <= now + (burst * interval) + 1e-9;
            _new[client] = allowed ? due + interval : due;
            if (_new.Count > maxClients / 2)
            {
                (_old, _new) = (_new, []);
            }

            return allowed;
        }
    }
}
