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
