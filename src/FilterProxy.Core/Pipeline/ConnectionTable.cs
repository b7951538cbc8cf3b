using System.Collections.Concurrent;

namespace FilterProxy.Core.Pipeline;

/// <summary>A client connection as far as stopping is concerned.</summary>
internal interface IDrainable
{
    /// <summary>The snapshot it runs an exchange under; null while it is idle.</summary>
    ProxySnapshot? Snapshot { get; }

    /// <summary>End when idle and meant: its listener, or the process, is stopping.</summary>
    void Drain();

    /// <summary>End now.</summary>
    void Abort();
}

/// <summary>All client connections that are open.</summary>
internal sealed class ConnectionTable
{
    private readonly ConcurrentDictionary<IDrainable, bool> _connections = new();

    public int Count => _connections.Count;

    public void Add(IDrainable connection) => _connections.TryAdd(connection, true);

    public void Remove(IDrainable connection) => _connections.TryRemove(connection, out _);

    /// <summary>Whether an exchange runs under a snapshot.</summary>
    public bool IsHeld(ProxySnapshot snapshot)
    {
        foreach (var (connection, _) in _connections)
        {
            if (ReferenceEquals(connection.Snapshot, snapshot))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Cuts what still runs under a snapshot.</summary>
    public void Abort(ProxySnapshot snapshot)
    {
        foreach (var (connection, _) in _connections)
        {
            if (ReferenceEquals(connection.Snapshot, snapshot))
            {
                connection.Abort();
            }
        }
    }

    public void Drain()
    {
        foreach (var (connection, _) in _connections)
        {
            connection.Drain();
        }
    }

    public void Abort()
    {
        foreach (var (connection, _) in _connections)
        {
            connection.Abort();
        }
    }
}
