using FilterProxy.Core.Clusters;
using FilterProxy.Core.Clusters.Eligibility;

namespace FilterProxy.Core.Config.Explain;

/// <summary>Which endpoint of a cluster a request would get as things are when the proxy starts, and why.</summary>
internal static class ExplainedChoice
{
    // A balancer that has given the same endpoint so often does so always.
    private const int Draws = 32;

    public static string Of(ProxyCluster cluster, HttpExchange exchange)
    {
        var context = new PickContext(Exchange: exchange);
        if (cluster.Eligible.GroupFor(context) is not { } group)
        {
            return "none: the request names no subset there is";
        }

        var names = Enumerable.Range(0, Draws).Select(_ => group.Pick(context)?.Name).Distinct().ToList();
        var count = group.Levels.Sum(level => level.Set.Count);
        return names switch
        {
            [null] => "none: no endpoint takes traffic",
            [var only] when count > 1 => $"{only}, of {count} that take traffic{Why(group)}",
            [var only] => $"{only}{Why(group)}",
            _ => $"one of {count} that take traffic{Why(group)}",
        };
    }

    private static string Why(EligibleGroup group)
    {
        var why = new List<string>();
        if (group.Name.Length > 0)
        {
            why.Add($"subset {group.Name}");
        }

        foreach (var level in group.Levels.Where(level => level.Priority > 0 || level.IsZone || level.Percent < 100))
        {
            why.Add($"priority {level.Priority}{(level.IsZone ? ", the near ones" : "")}{(level.Percent < 100 ? $", {level.Percent}%" : "")}");
        }

        return why.Count == 0 ? "" : $" ({string.Join("; ", why)})";
    }
}
