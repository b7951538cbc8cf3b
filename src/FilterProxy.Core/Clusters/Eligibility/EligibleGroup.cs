using FilterProxy.Core.Clusters.LoadBalancing;

namespace FilterProxy.Core.Clusters.Eligibility;

/// <summary>A cluster's endpoints, or one subset of them, in the levels that take traffic now.</summary>
/// <param name="name">The subset's name; empty for all endpoints.</param>
/// <param name="levels">Those with traffic, the first priority first.</param>
/// <param name="all">All endpoints of the group, for the last resort; empty where the unhealthy are never used.</param>
internal sealed class EligibleGroup(string name, EligibleLevel[] levels, EndpointSet all)
{
    public string Name => name;

    public byte[] Key { get; } = System.Text.Encoding.UTF8.GetBytes(name);

    public IReadOnlyList<EligibleLevel> Levels => levels;

    /// <summary>An endpoint that was not tried yet, as long as there is one; null when there is none.</summary>
    public Endpoint? Pick(in PickContext context)
    {
        if (levels.Length == 0)
        {
            return null;
        }

        var level = levels.Length == 1 ? levels[0] : Choose(context);
        var endpoint = level.Picker.Pick(context);
        return endpoint is not null && (context.Tried is null || !context.WasTried(endpoint)) ? endpoint
            : level.Picker.IsBinding ? null
            : PickAnother(level, context);
    }

    private EligibleLevel Choose(in PickContext context)
    {
        // By the key where there is one, so that it stays with its level as long as the loads do.
        var point = (int)((context.Key != 0 ? StableHash.Mix(context.Key) : Dice.Next()) % 100);
        foreach (var level in levels)
        {
            point -= level.Percent;
            if (point < 0)
            {
                return level;
            }
        }

        return levels[0];
    }

    private Endpoint? PickAnother(EligibleLevel chosen, in PickContext context)
    {
        if (Untried(chosen.Set, context) is { } sibling)
        {
            return sibling;
        }

        foreach (var level in levels)
        {
            if (level != chosen && Untried(level.Set, context) is { } other)
            {
                return other;
            }
        }

        // Nobody else is left: better one that looks unhealthy than none.
        return context.Tried is null ? null : Untried(all, context);
    }

    private static Endpoint? Untried(EndpointSet set, in PickContext context)
    {
        var start = set.Count == 0 ? 0 : Dice.Below(set.Count);
        for (var i = 0; i < set.Count; i++)
        {
            var at = (start + i) % set.Count;
            if (set.WeightOf(at) > 0 && !context.WasTried(set[at]))
            {
                return set[at];
            }
        }

        return null;
    }
}
