using System.Runtime.InteropServices;

namespace FilterProxy.Core.Pipeline;

/// <summary>
/// How many connections are open in all and per client. Has an entry only for clients that are connected, so the connections
/// themselves bound it.
/// </summary>
internal sealed class ConnectionCounts
{
    private readonly Lock _lock = new();
    private readonly Dictionary<ClientKey, int> _clients = [];
    private int _total;

    /// <summary>Connections on all listeners.</summary>
    public int Total => Volatile.Read(ref _total);

    /// <summary>Clients that have a connection counted.</summary>
    public int Clients
    {
        get
        {
            lock (_lock)
            {
                return _clients.Count;
            }
        }
    }

    /// <summary>Counts one more. False, and it is not counted, when there would be more than <paramref name="limit"/>; 0 for no limit.</summary>
    public bool TryAdd(int limit)
    {
        if (Interlocked.Increment(ref _total) <= limit || limit == 0)
        {
            return true;
        }

        Interlocked.Decrement(ref _total);
        return false;
    }

    public void Remove() => Interlocked.Decrement(ref _total);

    /// <summary>As <see cref="TryAdd(int)"/>, for one client.</summary>
    public bool TryAdd(ClientKey client, int limit)
    {
        lock (_lock)
        {
            ref var count = ref CollectionsMarshal.GetValueRefOrAddDefault(_clients, client, out _);
            if (count >= limit)
            {
                return false;
            }

            count++;
            return true;
        }
    }

    public void Remove(ClientKey client)
    {
        lock (_lock)
        {
            ref var count = ref CollectionsMarshal.GetValueRefOrNullRef(_clients, client);
            if (--count == 0)
            {
                _clients.Remove(client);
            }
        }
    }
}
