using FilterProxy.Filters.ReverseTunnel.Server;

namespace FilterProxy.Filters.ReverseTunnel.Work;

/// <summary>The idle work connections of all agents. Shared by everything of this plugin in the process.</summary>
internal sealed class WorkPools
{
    private readonly Lock _lock = new();
    private readonly Dictionary<AgentId, List<WorkConnection>> _idle = [];
    private TaskCompletionSource _added = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _waiting;

    /// <summary>Takes an idle connection in.</summary>
    public void Add(AgentId agent, WorkConnection connection)
    {
        TaskCompletionSource added;
        lock (_lock)
        {
            if (!_idle.TryGetValue(agent, out var connections))
            {
                _idle[agent] = connections = [];
            }

            connections.Add(connection);
            (added, _added) = (_added, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        }

        added.SetResult();
    }

    /// <summary>Takes a connection out, whether or not it is there.</summary>
    public void Remove(AgentId agent, WorkConnection connection)
    {
        lock (_lock)
        {
            if (_idle.TryGetValue(agent, out var connections) && connections.Remove(connection) && connections.Count == 0)
            {
                _idle.Remove(agent);
            }
        }
    }

    /// <summary>Connections of an agent that wait for a stream.</summary>
    public int CountOf(AgentId agent)
    {
        lock (_lock)
        {
            return _idle.TryGetValue(agent, out var connections) ? connections.Count : 0;
        }
    }

    /// <summary>An idle connection of an agent, which is the caller's from then on; null where there is none.</summary>
    public WorkConnection? TryTake(AgentId agent)
    {
        lock (_lock)
        {
            // The newest was heard of last.
            while (_idle.TryGetValue(agent, out var connections) && connections is [.., var last])
            {
                connections.RemoveAt(connections.Count - 1);
                if (connections.Count == 0)
                {
                    _idle.Remove(agent);
                }

                if (last.TryTake())
                {
                    return last;
                }
            }

            return null;
        }
    }

    /// <summary>An idle connection of an agent, for which one may have to wait. Null where the wait is over without one, or too many wait.</summary>
    /// <param name="agent">Whose.</param>
    /// <param name="max">Over it nobody waits any more.</param>
    /// <param name="patience">The longest wait.</param>
    /// <param name="cancel">Ends the wait by an exception.</param>
    public async ValueTask<WorkConnection?> TakeAsync(AgentId agent, int max, TimeSpan patience, CancellationToken cancel)
    {
        if (TryTake(agent) is { } there)
        {
            return there;
        }

        try
        {
            return Interlocked.Increment(ref _waiting) <= max ? await WaitAsync(agent, patience, cancel) : null;
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }
    }

    private async ValueTask<WorkConnection?> WaitAsync(AgentId agent, TimeSpan patience, CancellationToken cancel)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(patience);
        try
        {
            while (true)
            {
                // Asked for before a look, so that none comes between.
                Task added;
                lock (_lock)
                {
                    added = _added.Task;
                }

                if (TryTake(agent) is { } connection)
                {
                    return connection;
                }

                await added.WaitAsync(limit.Token);
            }
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return null;
        }
    }
}
