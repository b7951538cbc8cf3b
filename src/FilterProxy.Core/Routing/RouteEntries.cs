using System.Runtime.InteropServices;

namespace FilterProxy.Core.Routing;

/// <summary>The rules at one place of the table, in the order they are tried.</summary>
internal sealed class RouteEntries<T>
{
    private readonly List<RouteEntry<T>> _entries = [];

    /// <summary>Only while the table is built.</summary>
    public void Add(RouteEntry<T> entry)
    {
        var place = _entries.BinarySearch(entry, Comparer<RouteEntry<T>>.Create((x, y) => RouteCandidate<T>.Compare(x.Candidate, y.Candidate)));
        _entries.Insert(place < 0 ? ~place : place, entry);
    }

    public RouteCandidate<T>? Find(in RouteAttempt attempt)
    {
        foreach (ref readonly var entry in CollectionsMarshal.AsSpan(_entries))
        {
            if (entry.Candidate.IsMet(attempt.Request, attempt.Listener))
            {
                attempt.Captures.Name(entry.Pattern?.ParameterNames ?? []);
                return entry.Candidate;
            }
        }

        return null;
    }
}
