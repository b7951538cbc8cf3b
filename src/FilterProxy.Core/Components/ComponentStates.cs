namespace FilterProxy.Core.Components;

/// <summary>The states of all components of a configuration being compiled, with those of the one before to be found again.</summary>
internal sealed class ComponentStates
{
    private readonly Lock _lock = new();
    private readonly Dictionary<StateKey, object> _states = [];
    private readonly List<object> _created = [];

    /// <param name="previous">What the instances in force work on.</param>
    public ComponentStates(IEnumerable<KeyValuePair<StateKey, object>> previous)
    {
        foreach (var (key, state) in previous)
        {
            _states[key] = state;
        }
    }

    /// <summary>Those that were not there before.</summary>
    public IReadOnlyList<object> Created
    {
        get
        {
            lock (_lock)
            {
                return [.. _created];
            }
        }
    }

    public object GetOrAdd(StateKey key, Func<object> create)
    {
        lock (_lock)
        {
            if (!_states.TryGetValue(key, out var state))
            {
                state = create();
                _states[key] = state;
                _created.Add(state);
            }

            return state;
        }
    }
}
