using FilterProxy.Core.Clusters.LoadBalancing;
using FilterProxy.Core.Routing;

namespace FilterProxy.Core.Pipeline;

/// <summary>Several clusters that share a route: some by what a request is like, the rest by weight.</summary>
/// <param name="clusters">The clusters.</param>
/// <param name="choice">Chooses among them by weight; null where all weights are 0.</param>
/// <param name="conditions">Per cluster what a request must be like to go there in any case; null for nothing.</param>
/// <param name="by">What keeps to its cluster; null for nothing.</param>
internal sealed class ClusterSplit(Cluster[] clusters, WeightedChoice choice, SplitCondition?[] conditions, Template? by)
{
    private readonly bool _hasConditions = Array.Exists(conditions, condition => condition is not null);

    /// <summary>The cluster for one request.</summary>
    public Cluster Pick(HttpExchange exchange) => Match(exchange) ?? clusters[choice.Pick(PointOf(exchange))];

    /// <summary>The cluster whose conditions hold; null for none.</summary>
    public Cluster? Match(HttpExchange exchange)
    {
        for (var i = 0; _hasConditions && i < conditions.Length; i++)
        {
            if (conditions[i]?.Holds(exchange) == true)
            {
                return clusters[i];
            }
        }

        return null;
    }

    private ulong PointOf(HttpExchange exchange)
    {
        if (by is not null)
        {
            var text = TemplateScratch.BeginLine();
            if (by.TryFormat(exchange, text))
            {
                return StableHash.Of(text.Written);
            }
        }

        return Dice.Next();
    }
}
