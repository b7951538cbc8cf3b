using FilterProxy.Filters.ReverseTunnel.Server;

namespace FilterProxy.Filters.ReverseTunnel.Work;

/// <summary>The work connections of all agents. Shared by everything of this plugin in the process.</summary>
/// <param name="isThere">Whether an agent will have more of them; null where all will.</param>
internal sealed class WorkPools(Func<AgentId, bool>? isThere = null)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<AgentId, Places> _agents = [];
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _waiting;

    /// <summary>Takes an idle connection in.</summary>
    public void Add(AgentId agent, WorkConnection connection)
    {
        lock (_lock)
        {
            if (!_agents.TryGetValue(agent, out var places))
            {
                _agents[agent] = places = new Places();
            }

            places.Idle.Add(connection);
            places.Open++;
        }

        Wake();
    }

    /// <summary>Takes a connection out that has ended.</summary>
    public void Remove(AgentId agent, WorkConnection connection)
    {
        lock (_lock)
        {
            var places = _agents[agent];
            places.Idle.Remove(connection);
            if (--places.Open == 0)
            {
                _agents.Remove(agent);
            }
        }
    }

    /// <summary>Connections of an agent that wait for something to carry, and those that carry it.</summary>
    public (int Idle, int Used) CountOf(AgentId agent)
    {
        lock (_lock)
        {
            return _agents.TryGetValue(agent, out var places) ? (places.Idle.Count, places.Open - places.Idle.Count) : default;
        }
    }

    /// <summary>Has those who wait look whether their agent is still there.</summary>
    public void Wake()
    {
        TaskCompletionSource changed;
        lock (_lock)
        {
            (changed, _changed) = (_changed, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        }

        changed.SetResult();
    }

    /// <summary>An idle connection of an agent, which is the caller's from then on; null where there is none.</summary>
    public WorkConnection? TryTake(AgentId agent)
    {
        lock (_lock)
        {
            // The newest was heard of last.
            while (_agents.TryGetValue(agent, out var places) && places.Idle is [.., var last])
            {
                places.Idle.RemoveAt(places.Idle.Count - 1);
                if (last.TryTake())
                {
                    return last;
                }
            }

            return null;
        }
    }

    /// <summary>An idle connection of an agent, for which one may have to wait. Null where the wait is over without one, or too many wait, or the agent is gone.</summary>
    /// <param name="agent">Whose.</param>
    /// <param name="max">Over it nobody waits any more.</param>
    /// <param name="patience">The longest wait.</param>
    /// <param name="cancel">Ends the wait.</param>
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
                // Asked for before a look, so that no change comes between.
                Task changed;
                lock (_lock)
                {
                    changed = _changed.Task;
                }

                if (TryTake(agent) is { } connection)
                {
                    return connection;
                }

                if (isThere?.Invoke(agent) == false)
                {
                    return null;
                }

                await changed.WaitAsync(limit.Token);
            }
        }
        catch (OperationCanceledException)
        {
            // Also where whoever waits has less patience: what he waited for in vain is the same.
            return null;
        }
    }

    private sealed class Places
    {
        public List<WorkConnection> Idle { get; } = [];

        /// <summary>Those that are taken among them.</summary>
        public int Open { get; set; }
    }
}
