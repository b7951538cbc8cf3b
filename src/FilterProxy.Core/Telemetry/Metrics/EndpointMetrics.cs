namespace FilterProxy.Core.Telemetry.Metrics;

/// <summary>What is counted about the attempts on one endpoint and about its connections. Held by the endpoint, found again by name.</summary>
internal sealed class EndpointMetrics(string cluster, string endpoint, AttemptMetrics owner)
{
    private const int Reused = 0;
    private readonly Cells _cells = new(1);
    private HistogramSeries? _connects;

    public string Cluster => cluster;

    public string Endpoint => endpoint;

    /// <summary>Of what has no other labels.</summary>
    public Labels Labels { get; } = new(new("cluster", cluster), new("endpoint", endpoint));

    /// <summary>When it was last seen in a configuration in use, in heartbeat milliseconds.</summary>
    public long SeenAt { get; set; }

    /// <summary>Attempts by result.</summary>
    public SeriesTable<HistogramSeries> Attempts { get; } = new();

    /// <summary>Connections made; null before the first.</summary>
    public HistogramSeries? Connects => Volatile.Read(ref _connects);

    /// <summary>Attempts that took a connection that was there.</summary>
    public long ReusedConnections => _cells.Read(Reused);

    public HistogramSeries Of(ResultKey result) => Attempts.Find(result.Value) ?? Attempts.GetOrAdd(result.Value, this, static (key, self) => self.Make(key));

    public void CountReused() => _cells.Add(Reused, 1);

    /// <summary>The clock, for <see cref="RecordConnect"/>.</summary>
    public long Timestamp => owner.Timestamp;

    /// <summary>A connection was made.</summary>
    /// <param name="began">The <see cref="Timestamp"/> when that began.</param>
    public void RecordConnect(long began)
    {
        if (Volatile.Read(ref _connects) is not { } connects)
        {
            connects = owner.MakeConnects(Labels);
            connects = Interlocked.CompareExchange(ref _connects, connects, null) ?? connects;
        }

        connects.Record(Timestamp - began);
    }

    private HistogramSeries Make(int key) =>
        owner.MakeSeries(() => new Labels([new("cluster", cluster), new("endpoint", endpoint), .. new ResultKey(key).Tags(owner.ReasonOf)]));
}
