namespace FilterProxy.Core.Telemetry.Metrics;

/// <summary>
/// What is counted about the exchanges of one route, by cluster and result. Held by the route, so that counting begins without a
/// look-up by name; found again by name after a reload.
/// </summary>
internal sealed class RouteMetrics(string route, RequestMetrics owner)
{
    private readonly Lock _lock = new();
    private PerCluster[] _clusters = [];

    public string Route => route;

    /// <summary>When it was last seen in a configuration in use, in heartbeat milliseconds.</summary>
    public long SeenAt { get; set; }

    /// <summary>By cluster.</summary>
    public IReadOnlyList<PerCluster> Clusters => Volatile.Read(ref _clusters);

    /// <summary>The series of a result.</summary>
    /// <param name="cluster">The name of the cluster; null for none.</param>
    /// <param name="result">How it ended.</param>
    public HistogramSeries Of(string? cluster, ResultKey result)
    {
        var series = SeriesOf(cluster ?? "-");
        return series.Find(result.Value) ?? series.GetOrAdd(result.Value, (this, cluster ?? "-"), static (key, at) =>
            at.Item1.Make(at.Item2, new ResultKey(key)));
    }

    private SeriesTable<HistogramSeries> SeriesOf(string cluster)
    {
        foreach (ref readonly var entry in Volatile.Read(ref _clusters).AsSpan())
        {
            if (entry.Cluster == cluster)
            {
                return entry.Series;
            }
        }

        return AddCluster(cluster);
    }

    private SeriesTable<HistogramSeries> AddCluster(string cluster)
    {
        lock (_lock)
        {
            if (Array.Find(_clusters, c => c.Cluster == cluster) is { Series: { } there })
            {
                return there;
            }

            var made = new PerCluster(cluster, new Labels(new("route", route), new("cluster", cluster)), new SeriesTable<HistogramSeries>());
            Volatile.Write(ref _clusters, [.. _clusters, made]);
            return made.Series;
        }
    }

    private HistogramSeries Make(string cluster, ResultKey result) =>
        owner.MakeSeries(() => new Labels([new("route", route), new("cluster", cluster), .. result.Tags(owner.ReasonOf)]));

    /// <summary>The exchanges of one cluster.</summary>
    public readonly record struct PerCluster(string Cluster, Labels Labels, SeriesTable<HistogramSeries> Series);
}
