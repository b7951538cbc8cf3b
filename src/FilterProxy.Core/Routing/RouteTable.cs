using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Text;

namespace FilterProxy.Core.Routing;

/// <summary>
/// Finds the value for a request by host, path and conditions. Built once, immutable, read by all threads. The most specific
/// rule wins, whatever the order it was written in:
/// <list type="number">
/// <item>host: exact, then the longer wildcard, then the shorter, then any; with a port before without;</item>
/// <item>path: exact, then regular expressions in configuration order, then segment by segment fixed before <c>{name}</c>
/// before <c>*</c>, then no path at all;</item>
/// <item>more conditions (methods, listeners, each header and query parameter) before fewer;</item>
/// <item>configuration order.</item>
/// </list>
/// A rule whose conditions fail lets the next one try, also one of a less specific host.
/// </summary>
internal sealed class RouteTable<T>
{
    private const int MaxHost = 255;

    private readonly List<RouteCandidate<T>> _candidates = [];
    private readonly ByteTable<HostBucket<T>> _exact = new();
    private readonly ByteTable<HostBucket<T>> _wildcards = new();
    private readonly HostBucket<T> _any = new();

    private RouteTable()
    {
    }

    public static RouteTable<T> Build(IReadOnlyList<RouteRule<T>> rules)
    {
        var table = new RouteTable<T>();
        for (var i = 0; i < rules.Count; i++)
        {
            table._candidates.Add(new RouteCandidate<T>(rules[i], i));
        }

        // In configuration order, which is how regular expressions are tried.
        var ordered = table._candidates.ToArray();
        Array.Sort(ordered, RouteCandidate<T>.CompareOrder);
        foreach (var candidate in ordered)
        {
            table.Add(candidate);
        }

        return table;
    }

    /// <summary>Finds the rule for a request; its path must be normalised. Allocates nothing.</summary>
    public bool TryMatch(RequestHead request, string listenerName, RouteCaptures captures, [MaybeNullWhen(false)] out T value)
    {
        captures.Reset(request.PathRange);
        var found = Find(new RouteAttempt(request, listenerName, captures));
        value = found is null ? default : found.Rule.Value;
        return found is not null;
    }

    /// <summary>For every rule, in configuration order, whether it would take the request and if not, why. Allocates.</summary>
    public IEnumerable<RouteNearMiss> Explain(RequestHead request, string listener)
    {
        var winner = Find(new RouteAttempt(request, listener, new RouteCaptures()));
        var result = new List<RouteNearMiss>();
        foreach (var candidate in _candidates)
        {
            var obstacle = candidate.FindObstacle(request, listener);
            result.Add(new RouteNearMiss(candidate.Rule.Name, obstacle is null, candidate == winner, obstacle));
        }

        return result;
    }

    private void Add(RouteCandidate<T> candidate)
    {
        if (candidate.Rule.Hosts.Count == 0)
        {
            _any.Add(candidate, AuthorityParts.NoPort);
        }

        foreach (var host in candidate.Rule.Hosts)
        {
            var bucket = host.Kind switch
            {
                HostPatternKind.Exact => _exact.GetOrAdd(host.Key, static () => new()),
                HostPatternKind.Wildcard => _wildcards.GetOrAdd(host.Key, static () => new()),
                _ => _any,
            };
            bucket.Add(candidate, host.Port);
        }
    }

    [SkipLocalsInit]
    private RouteCandidate<T>? Find(in RouteAttempt attempt)
    {
        var parts = new AuthorityParts(attempt.Request.Authority);
        if (parts.Host.Length <= MaxHost && (_exact.Count | _wildcards.Count) > 0)
        {
            Span<byte> lower = stackalloc byte[MaxHost];
            Ascii.ToLower(parts.Host, lower, out var length);
            ReadOnlySpan<byte> host = lower[..length];
            if (_exact.TryGet(host, out var bucket) && bucket.Find(attempt, parts.Port) is { } exact)
            {
                return exact;
            }

            if (_wildcards.Count > 0 && FindWildcard(attempt, host, parts.Port) is { } wildcard)
            {
                return wildcard;
            }
        }

        return _any.Find(attempt, parts.Port);
    }

    private RouteCandidate<T>? FindWildcard(in RouteAttempt attempt, ReadOnlySpan<byte> host, int port)
    {
        // From the first dot that has something before it, so the longest suffix comes first.
        for (var dot = 1; dot < host.Length; dot++)
        {
            if (host[dot] == (byte)'.' && _wildcards.TryGet(host[dot..], out var bucket)
                && bucket.Find(attempt, port) is { } found)
            {
                return found;
            }
        }

        return null;
    }
}
