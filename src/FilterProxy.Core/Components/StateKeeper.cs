namespace FilterProxy.Core.Components;

/// <summary>One component's view of the states: its own, or those it shares under a name.</summary>
internal sealed class StateKeeper(ComponentStates states, string owner)
{
    public (StateKey Key, T State) Get<T>(Func<T> create)
        where T : class
    {
        var key = new StateKey(owner, typeof(T));
        return (key, (T)states.GetOrAdd(key, create));
    }
}
