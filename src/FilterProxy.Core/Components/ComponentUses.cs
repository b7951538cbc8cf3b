namespace FilterProxy.Core.Components;

/// <summary>
/// What a component was made with besides its options. While none of it changes, the next configuration keeps the instance.
/// Filled by the component's context, from any thread.
/// </summary>
internal sealed class ComponentUses
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Cluster> _clusters = [];
    private readonly Dictionary<string, FileStamp> _files = [];
    private readonly Dictionary<StateKey, object> _states = [];

    /// <summary>The files it said it depends on, as they were.</summary>
    public IReadOnlyList<FileStamp> Files
    {
        get
        {
            lock (_lock)
            {
                return [.. _files.Values];
            }
        }
    }

    /// <summary>The states it works on.</summary>
    public IReadOnlyList<KeyValuePair<StateKey, object>> States
    {
        get
        {
            lock (_lock)
            {
                return [.. _states];
            }
        }
    }

    /// <summary>A state it works on from now on.</summary>
    public T Add<T>(StateKeeper keeper, Func<T> create)
        where T : class
    {
        var (key, state) = keeper.Get(create);
        lock (_lock)
        {
            _states[key] = state;
        }

        return state;
    }

    public void Add(string name, Cluster cluster)
    {
        lock (_lock)
        {
            _clusters[name] = cluster;
        }
    }

    public void Add(FileStamp file)
    {
        lock (_lock)
        {
            _files.TryAdd(file.Path, file);
        }
    }

    /// <summary>Whether all of it is still the same.</summary>
    public bool AreCurrent(Func<string, Cluster?> findCluster)
    {
        lock (_lock)
        {
            return _clusters.All(c => ReferenceEquals(findCluster(c.Key), c.Value)) && _files.Values.All(file => FileStamp.Of(file.Path) == file);
        }
    }
}
