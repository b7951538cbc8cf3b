using System.Collections.Concurrent;

namespace FilterProxy.Core.Pipeline;

/// <summary>A client connection as far as stopping is concerned.</summary>
internal interface IDrainable
{
    /// <summary>Whether an exchange of it runs under a snapshot.</summary>
    bool Holds(ProxySnapshot snapshot);

    /// <summary>How many exchanges of it run under a snapshot.</summary>
    int CountOf(ProxySnapshot snapshot) => Holds(snapshot) ? 1 : 0;

    /// <summary>The address of a client by the identifier of its connection; null where it is another's or not known.</summary>
    string? ClientOf(string connectionId) => null;

    /// <summary>End when idle and meant: its listener, or the process, is stopping.</summary>
    void Drain();

    /// <summary>End now.</summary>
    void Abort();

    /// <summary>End what runs under a snapshot.</summary>
    void Abort(ProxySnapshot snapshot);
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
            if (connection.Holds(snapshot))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>How many exchanges run under a snapshot.</summary>
    public int CountOf(ProxySnapshot snapshot)
    {
        var count = 0;
        foreach (var (connection, _) in _connections)
        {
            count += connection.CountOf(snapshot);
        }

        return count;
    }

    /// <summary>Cuts what still runs under a snapshot.</summary>
    public void Abort(ProxySnapshot snapshot)
    {
        foreach (var (connection, _) in _connections)
        {
            connection.Abort(snapshot);
        }
    }

    /// <summary>The address of a client by the identifier of its connection; <c>-</c> when it is gone. Looks at all there are.</summary>
    public string ClientOf(string connectionId)
    {
        foreach (var (connection, _) in _connections)
        {
            if (connection.ClientOf(connectionId) is { } client)
            {
                return client;
            }
        }

        return "-";
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
