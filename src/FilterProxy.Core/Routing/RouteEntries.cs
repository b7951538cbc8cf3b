using System.Runtime.InteropServices;

namespace FilterProxy.Core.Routing;

/// <summary>The rules at one place of the table, in the order they are tried.</summary>
internal sealed class RouteEntries<T>
{
    private static readonly Comparer<RouteEntry<T>> ByRank =
        Comparer<RouteEntry<T>>.Create((x, y) => RouteCandidate<T>.Compare(x.Candidate, y.Candidate));

    private readonly List<RouteEntry<T>> _entries = [];

    /// <summary>Only while the table is built.</summary>
    public void Add(RouteEntry<T> entry)
    {
        var place = _entries.BinarySearch(entry, ByRank);
        place = place < 0 ? ~place : place;

        // Equal is only another path of the same rule: they stay in the order they were written in.
        while (place < _entries.Count && _entries[place].Candidate == entry.Candidate)
        {
            place++;
        }

        _entries.Insert(place, entry);
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
