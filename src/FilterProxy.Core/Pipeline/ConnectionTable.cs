using System.Collections.Concurrent;

namespace FilterProxy.Core.Pipeline;

/// <summary>A client connection as far as stopping is concerned.</summary>
internal interface IDrainable
{
    /// <summary>End when idle.</summary>
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
