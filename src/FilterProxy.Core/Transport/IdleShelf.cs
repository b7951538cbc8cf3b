namespace FilterProxy.Core.Transport;

/// <summary>
/// Idle connections of one event loop, last in first out. Lock-free: a slot is taken and filled by one atomic exchange, and the
/// hint only says where to begin looking.
/// </summary>
internal sealed class IdleShelf(int capacity)
{
    private readonly UpstreamConnection?[] _slots = new UpstreamConnection?[capacity];
    private int _count;
    private int _hint;

    public int Count => Volatile.Read(ref _count);

    public bool TryPut(UpstreamConnection connection)
    {
        var first = Volatile.Read(ref _hint);
        for (var i = 0; i < _slots.Length && Count < _slots.Length; i++)
        {
            var at = (first + i) % _slots.Length;
            if (_slots[at] is null && Interlocked.CompareExchange(ref _slots[at], connection, null) is null)
            {
                Interlocked.Increment(ref _count);
                Volatile.Write(ref _hint, at);
                return true;
            }
        }

        return false;
    }

    public UpstreamConnection? Take()
    {
        var first = Volatile.Read(ref _hint);
        for (var i = 0; i < _slots.Length && Count > 0; i++)
        {
            var at = (first - i + _slots.Length) % _slots.Length;
            if (_slots[at] is not null && Interlocked.Exchange(ref _slots[at], null) is { } connection)
            {
                Interlocked.Decrement(ref _count);
                Volatile.Write(ref _hint, (at - 1 + _slots.Length) % _slots.Length);
                return connection;
            }
        }

        return null;
    }

    /// <summary>Takes a connection that serves the client with these addresses.</summary>
    public UpstreamConnection? Take(in DownstreamAddresses addresses)
    {
        for (var i = 0; i < _slots.Length && Count > 0; i++)
        {
            if (Volatile.Read(ref _slots[i]) is { } connection && connection.Addresses == addresses
                && Interlocked.CompareExchange(ref _slots[i], null, connection) == connection)
            {
                Interlocked.Decrement(ref _count);
                return connection;
            }
        }

        return null;
    }

    /// <summary>Takes out every connection the test names.</summary>
    public void Sweep<TState>(TState state, Func<UpstreamConnection, TState, bool> isOver, Action<UpstreamConnection> discard)
    {
        for (var i = 0; i < _slots.Length; i++)
        {
            if (Volatile.Read(ref _slots[i]) is { } connection && isOver(connection, state)
                && Interlocked.CompareExchange(ref _slots[i], null, connection) == connection)
            {
                Interlocked.Decrement(ref _count);
                discard(connection);
            }
        }
    }
}
