using System.Collections.Concurrent;
using System.Net;

namespace FilterProxy.ContractSketches.Tunnel;

/// <summary>The agents that are connected now, and the connections they hold ready. Shared by the tunnel's three components.</summary>
public sealed class AgentTable
{
    private readonly ConcurrentDictionary<string, ConcurrentQueue<LentConnection>> _agents = new();
    private volatile TaskCompletionSource _changed = NewSignal();

    /// <summary>Shelves a connection until the tunnel connector takes it; completes when it is over.</summary>
    public async Task ShelveAsync(string agent, LentConnection connection)
    {
        var shelf = _agents.GetOrAdd(agent, static _ => new());
        shelf.Enqueue(connection);
        Interlocked.Exchange(ref _changed, NewSignal()).TrySetResult();
        await connection.Over;
        if (shelf.All(other => other.IsOver) && _agents.TryRemove(KeyValuePair.Create(agent, shelf)))
        {
            Interlocked.Exchange(ref _changed, NewSignal()).TrySetResult();
        }
    }

    /// <summary>A connection to an agent, or null when it has none ready.</summary>
    public LentConnection? Take(string agent)
    {
        while (_agents.TryGetValue(agent, out var shelf) && shelf.TryDequeue(out var connection))
        {
            if (!connection.IsOver)
            {
                return connection;
            }
        }

        return null;
    }

    /// <summary>The agents as endpoints, and a task that completes when that has changed.</summary>
    public (IReadOnlyList<DiscoveredEndpoint> Endpoints, Task Changed) Look()
    {
        var changed = _changed.Task;
        return ([.. _agents.Keys.Order().Select(name => new DiscoveredEndpoint(name, new DnsEndPoint(name, 1)))], changed);
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
