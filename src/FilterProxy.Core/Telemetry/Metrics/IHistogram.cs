namespace FilterProxy.Core.Telemetry.Metrics;

/// <summary>The values of one series of a histogram, for who writes them out.</summary>
internal interface IHistogram
{
    Buckets Buckets { get; }

    /// <summary>How many measurements one range has, those below it not included.</summary>
    long CountOf(int bucket);

    /// <summary>Of all measurements, in the metric's unit.</summary>
    double Sum { get; }

    /// <summary>A recent measurement in that range that has a trace; null for none.</summary>
    Exemplar? ExemplarOf(int bucket);
}
