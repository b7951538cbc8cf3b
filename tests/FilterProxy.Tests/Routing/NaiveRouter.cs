using System.Text.RegularExpressions;

namespace FilterProxy.Tests.Routing;

/// <summary>
/// What the documentation of a route table says, word by word: look at every rule, rank those that match, take the best. Works
/// on text and shares no code with the table.
/// </summary>
internal sealed class NaiveRouter(IReadOnlyList<NaiveRule> rules)
{
    public (string Name, string Captures)? Match(string authority, string path, string method, string listener, bool hasHeader)
    {
        (string Name, string Captures)? best = null;
        int[]? bestRank = null;
        for (var i = 0; i < rules.Count; i++)
        {
            var rule = rules[i];
            if ((rule.Method is not null && rule.Method != method) || (rule.Listener is not null && rule.Listener != listener)
                || (rule.WantsHeader && !hasHeader))
            {
                continue;
            }

            foreach (var host in rule.Hosts.DefaultIfEmpty("*"))
            {
                foreach (var pattern in rule.Paths.Cast<string?>().DefaultIfEmpty(null))
                {
                    var captures = "";
                    if (RankHost(host, authority) is not { } hostRank || RankPath(host, pattern, path, ref captures) is not { } pathRank)
                    {
                        continue;
                    }

                    var conditions = (rule.Method is null ? 0 : 1) + (rule.Listener is null ? 0 : 1) + (rule.WantsHeader ? 1 : 0);
                    int[] rank = [.. hostRank, .. pathRank, conditions, -i];
                    if (bestRank is null || Compare(rank, bestRank) > 0)
                    {
                        (best, bestRank) = ((rule.Name, captures), rank);
                    }
                }
            }
        }

        return best;
    }

    private static int[]? RankHost(string pattern, string authority)
    {
        var (host, port) = Split(authority.ToLowerInvariant());
        var (wanted, wantedPort) = Split(pattern);
        if (wantedPort.Length > 0 && wantedPort != port)
        {
            return null;
        }

        var withPort = wantedPort.Length > 0 ? 1 : 0;
        return wanted == "*" ? [0, 0, withPort]
            : wanted.StartsWith('*') ? host.EndsWith(wanted[1..], StringComparison.Ordinal) && host.Length >= wanted.Length
                ? [1, wanted.Length, withPort]
                : null
            : host == wanted ? [2, 0, withPort] : null;
    }

    // Kind, then one number per depth. Ten deep is deeper than any pattern here.
    private int[]? RankPath(string host, string? pattern, string path, ref string captures)
    {
        if (pattern is null)
        {
            return [0, .. new int[10]];
        }

        if (pattern.StartsWith('~'))
        {
            var written = rules.SelectMany(r => r.Paths.Select(p => (Rule: r, Path: p)));
            var first = written.TakeWhile(w => !(w.Path == pattern && w.Rule.Hosts.DefaultIfEmpty("*").Contains(host))).Count();
            return Regex.IsMatch(path, pattern[2..]) ? [2, -first, .. new int[9]] : null;
        }

        if (!path.StartsWith('/'))
        {
            return null;
        }

        var (wanted, actual) = (pattern[1..].Split('/'), path[1..].Split('/'));
        var rank = new int[10];
        var isExact = !pattern.Contains('{', StringComparison.Ordinal) && !pattern.Contains('*', StringComparison.Ordinal);
        for (var i = 0; i < wanted.Length; i++)
        {
            if (wanted[i].EndsWith('*') || wanted[i].EndsWith("*}", StringComparison.Ordinal))
            {
                rank[i] = 1;
                captures += wanted[i] == "*" ? "" : $"{wanted[i][1..^2]}={string.Join('/', actual.Skip(i))};";
                return [1, .. rank];
            }

            if (i >= actual.Length)
            {
                return null;
            }

            if (wanted[i].StartsWith('{') ? actual[i].Length == 0 : wanted[i] != actual[i])
            {
                return null;
            }

            captures += wanted[i].StartsWith('{') ? $"{wanted[i][1..^1]}={actual[i]};" : "";
            rank[i] = wanted[i].StartsWith('{') ? 2 : 3;
        }

        if (wanted.Length != actual.Length)
        {
            return null;
        }

        rank[wanted.Length] = 2;
        return [isExact ? 3 : 1, .. rank];
    }

    private static (string Host, string Port) Split(string authority)
    {
        var colon = authority.IndexOf(':', StringComparison.Ordinal);
        return colon < 0 ? (authority, "") : (authority[..colon], authority[(colon + 1)..]);
    }

    private static int Compare(int[] left, int[] right)
    {
        var at = Enumerable.Range(0, left.Length).FirstOrDefault(i => left[i] != right[i], -1);
        return at < 0 ? 0 : left[at].CompareTo(right[at]);
    }
}
