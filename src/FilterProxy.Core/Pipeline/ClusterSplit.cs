using FilterProxy.Core.Routing;

namespace FilterProxy.Core.Pipeline;

/// <summary>Several clusters that share a route by weight.</summary>
internal sealed class ClusterSplit(Cluster[] clusters, WeightedChoice choice)
{
    /// <summary>The cluster for one request.</summary>
    public Cluster Pick() => clusters[choice.Pick((ulong)Random.Shared.NextInt64(long.MinValue, long.MaxValue))];
}
