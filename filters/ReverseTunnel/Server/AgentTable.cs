using System.Collections.Concurrent;
using FilterProxy.Filters.ReverseTunnel.Work;

namespace FilterProxy.Filters.ReverseTunnel.Server;

/// <summary>The agents there are, and were of late. Shared by everything of this plugin in the process; a look-up is one of a dictionary.</summary>
internal sealed class AgentTable
{
    // Of those that are gone so many are remembered.
    private const int MostGone = 1000;
    private readonly Lock _lock = new();
    private readonly ConcurrentDictionary<AgentId, Agent> _agents = new();
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _gone;

    public AgentTable() => Work = new WorkPools(id => Find(id) is { TakesStreams: true });

    /// <summary>Completes with the next change of who is connected.</summary>
    public Task Changed
    {
        get
        {
            lock (_lock)
            {
                return _changed.Task;
            }
        }
    }

    /// <summary>Their work connections.</summary>
    public WorkPools Work { get; }

    /// <summary>All, those that are gone among them.</summary>
    public IEnumerable<Agent> All => _agents.Values;

    /// <summary>An agent, connected or not; null where nobody of that name was ever seen.</summary>
    public Agent? Find(AgentId id) => _agents.GetValueOrDefault(id);

    /// <summary>Takes a connection in.</summary>
    public Agent Add(AgentId id, AgentConnection connection, DateTimeOffset now)
    {
        lock (_lock)
        {
            var isNew = !_agents.TryGetValue(id, out var agent);
            agent ??= new Agent(id);
            if (agent.Add(connection, now))
            {
                _gone -= isNew ? 0 : 1;
                _agents[id] = agent;
                Tell();
            }

            return agent;
        }
    }

    /// <summary>Takes a connection out.</summary>
    public void Remove(Agent agent, AgentConnection connection, string reason, DateTimeOffset now)
    {
        lock (_lock)
        {
            if (agent.Remove(connection, reason, now))
            {
                _gone++;
                Forget();
                Tell();
            }
        }
    }

    /// <summary>An agent says that it takes no more streams on a connection.</summary>
    public void Leave(AgentConnection connection)
    {
        lock (_lock)
        {
            connection.BeginLeaving();
            Tell();
        }
    }

    private void Forget()
    {
        if (_gone <= MostGone)
        {
            return;
        }

        // Half of them at a time, so that it is not done for each.
        foreach (var agent in _agents.Values.Where(a => !a.IsConnected).OrderBy(a => a.Since).Take(MostGone / 2).ToList())
        {
            _agents.TryRemove(agent.Id, out _);
            _gone--;
        }
    }

    private void Tell()
    {
        var changed = _changed;
        _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        changed.SetResult();
        Work.Wake();
    }
}
