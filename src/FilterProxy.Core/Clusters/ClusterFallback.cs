namespace FilterProxy.Core.Clusters;

/// <summary>What a request gets that its cluster does not take: another cluster, or a fixed answer.</summary>
/// <param name="Cluster">The other cluster; null for an answer.</param>
/// <param name="Status">The answer's status.</param>
/// <param name="Body">Its body.</param>
/// <param name="ContentType">The type of that.</param>
internal sealed record ClusterFallback(string? Cluster, int Status, byte[] Body, string ContentType)
{
    /// <summary>Clusters one request or relay may be handed on to.</summary>
    public const int Most = 4;
}
