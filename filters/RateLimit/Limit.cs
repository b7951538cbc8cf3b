using FilterProxy.Filters.Keys;

namespace FilterProxy.Filters.RateLimit;

/// <summary>A limit of a filter: whom it is for, how it counts, and where that is kept.</summary>
internal sealed class Limit(LimitOptions options, int instances)
{
    private KeyTable? _table;

    public string Name => options.Name;

    public bool IsDryRun => options.DryRun;

    public KeyReader Reader { get; } = new(new KeyRule(options.Key, options.WithAddress, options.Missing, options.Ipv4Prefix, options.Ipv6Prefix));

    public CostReader Cost { get; } = new(options.Cost);

    public Meter Meter { get; } = Meter.Create(options, instances);

    /// <summary>For redis: the longest a request may wait, in microseconds; -1 where none does.</summary>
    public long MaxDelay => options.Algorithm == RateAlgorithm.LeakyBucket ? options.MaxDelay.Ticks / 10 : -1;

    public KeyValuePair<string, object?> Tag { get; } = new("limit", options.Name);

    /// <summary>Known when the filter has been started.</summary>
    public KeyTable Table
    {
        get => _table!;
        set => _table = value;
    }
}
