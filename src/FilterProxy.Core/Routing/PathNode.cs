namespace FilterProxy.Core.Routing;

/// <summary>A node of the segment trie that holds patterns with parameters or an open end.</summary>
internal sealed class PathNode<T>
{
    private ByteTable<PathNode<T>>? _literals;
    private PathNode<T>? _parameter;
    private RouteEntries<T>? _here;
    private RouteEntries<T>? _below;

    /// <summary>Only while the table is built.</summary>
    public void Add(RouteCandidate<T> candidate, PathPattern pattern)
    {
        var node = this;
        foreach (var segment in pattern.Segments)
        {
            node = segment.Literal is { } literal
                ? (node._literals ??= new()).GetOrAdd(literal, static () => new PathNode<T>())
                : node._parameter ??= new PathNode<T>();
        }

        var entries = pattern.HasTail ? node._below ??= new() : node._here ??= new();
        entries.Add(new RouteEntry<T>(candidate, pattern));
    }

    /// <summary>
    /// The most specific rule from here on: a fixed segment before a parameter before an open end, and back when what was more
    /// specific leads nowhere. As deep as the longest pattern, however long the path is.
    /// </summary>
    /// <param name="attempt">The request.</param>
    /// <param name="offset">Where the path's next slash is, or its length.</param>
    public RouteCandidate<T>? Find(in RouteAttempt attempt, int offset)
    {
        var path = attempt.Path;
        RouteCandidate<T>? found = null;
        if (offset == path.Length)
        {
            found = _here?.Find(attempt);
        }
        else
        {
            var start = offset + 1;
            var length = path[start..].IndexOf((byte)'/');
            var segment = length < 0 ? path[start..] : path.Slice(start, length);
            if (_literals is not null && _literals.TryGet(segment, out var child))
            {
                found = child.Find(attempt, start + segment.Length);
            }

            if (found is null && _parameter is not null && !segment.IsEmpty)
            {
                attempt.Captures.Push(new ByteRange(start, segment.Length));
                found = _parameter.Find(attempt, start + segment.Length);
                if (found is null)
                {
                    attempt.Captures.Pop();
                }
            }
        }

        return found ?? FindBelow(attempt, offset);
    }

    private RouteCandidate<T>? FindBelow(in RouteAttempt attempt, int offset)
    {
        if (_below is null)
        {
            return null;
        }

        var start = Math.Min(offset + 1, attempt.Path.Length);
        attempt.Captures.Push(new ByteRange(start, attempt.Path.Length - start));
        var found = _below.Find(attempt);
        if (found is null)
        {
            attempt.Captures.Pop();
        }

        return found;
    }
}
