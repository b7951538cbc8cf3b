namespace FilterProxy.Core.Routing;

/// <summary>The rules of one host pattern: those for a port of their own, and those for any.</summary>
internal sealed class HostBucket<T>
{
    private readonly List<(int Port, PathIndex<T> Index)> _ports = [];
    private PathIndex<T>? _anyPort;

    /// <summary>Only while the table is built.</summary>
    public void Add(RouteCandidate<T> candidate, int port)
    {
        if (port == AuthorityParts.NoPort)
        {
            (_anyPort ??= new()).Add(candidate);
            return;
        }

        var index = _ports.FindIndex(p => p.Port == port);
        if (index < 0)
        {
            index = _ports.Count;
            _ports.Add((port, new PathIndex<T>()));
        }

        _ports[index].Index.Add(candidate);
    }

    public RouteCandidate<T>? Find(in RouteAttempt attempt, int port)
    {
        foreach (var (ownPort, index) in _ports)
        {
            if (ownPort == port && index.Find(attempt) is { } found)
            {
                return found;
            }
        }

        return _anyPort?.Find(attempt);
    }
}
