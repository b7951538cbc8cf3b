namespace FilterProxy.Core.Telemetry.Metrics;

/// <summary>One series as it is to be written: a number, or a histogram that is read when it is its turn.</summary>
internal readonly record struct Sample(Labels Labels, double Value, IHistogram? Histogram = null);
