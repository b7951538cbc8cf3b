namespace FilterProxy.Core.Routing;

/// <summary>All rules of one host, by path.</summary>
internal sealed class PathIndex<T>
{
    private readonly ByteTable<RouteEntries<T>> _exact = new();
    private readonly List<(string Text, Latin1Regex Regex, RouteEntries<T> Entries)> _regexes = [];
    private readonly PathNode<T> _root = new();
    private RouteEntries<T>? _anyPath;

    /// <summary>Only while the table is built.</summary>
    public void Add(RouteCandidate<T> candidate)
    {
        if (candidate.Rule.Paths.Count == 0)
        {
            (_anyPath ??= new()).Add(new RouteEntry<T>(candidate, null));
        }

        foreach (var pattern in candidate.Rule.Paths)
        {
            switch (pattern.Kind)
            {
                case PathPatternKind.Exact:
                    _exact.GetOrAdd(pattern.Exact, static () => new()).Add(new RouteEntry<T>(candidate, pattern));
                    break;
                case PathPatternKind.Regex:
                    AddRegex(candidate, pattern);
                    break;
                default:
                    _root.Add(candidate, pattern);
                    break;
            }
        }
    }

    public RouteCandidate<T>? Find(in RouteAttempt attempt)
    {
        var path = attempt.Path;
        if (_exact.Count > 0 && _exact.TryGet(path, out var exact) && exact.Find(attempt) is { } byPath)
        {
            return byPath;
        }

        foreach (var (_, regex, entries) in _regexes)
        {
            if (regex.IsMatch(path) && entries.Find(attempt) is { } byRegex)
            {
                return byRegex;
            }
        }

        return (path.StartsWith("/"u8) ? _root.Find(attempt, 0) : null) ?? _anyPath?.Find(attempt);
    }

    // Rules with the same expression stand together, so that among them conditions decide as they do for any other path.
    private void AddRegex(RouteCandidate<T> candidate, PathPattern pattern)
    {
        var text = pattern.Regex!.ToString();
        var index = _regexes.FindIndex(r => r.Text == text);
        if (index < 0)
        {
            index = _regexes.Count;
            _regexes.Add((text, pattern.Regex, new RouteEntries<T>()));
        }

        _regexes[index].Entries.Add(new RouteEntry<T>(candidate, pattern));
    }
}
