namespace FilterProxy.Core.Telemetry.Metrics;

/// <summary>What was recorded to one instrument with one set of tags.</summary>
internal sealed class InstrumentSeries(Labels labels, Buckets? buckets)
{
    private readonly Cells _whole = new(1);
    private readonly HistogramSeries? _histogram = buckets is null ? null : new HistogramSeries(labels, buckets);
    private long _bits;

    /// <summary>In which round an observable instrument last told this value.</summary>
    public long Round { get; private set; }

    /// <summary>Adds to a sum.</summary>
    public void Add(long value) => _whole.Add(0, value);

    /// <inheritdoc cref="Add(long)"/>
    public void Add(double value)
    {
        var seen = Volatile.Read(ref _bits);
        while (true)
        {
            var next = BitConverter.DoubleToInt64Bits(BitConverter.Int64BitsToDouble(seen) + value);
            var before = Interlocked.CompareExchange(ref _bits, next, seen);
            if (before == seen)
            {
                return;
            }

            seen = before;
        }
    }

    /// <summary>Takes a value in the place of the last one.</summary>
    public void Set(double value, long round)
    {
        Volatile.Write(ref _bits, BitConverter.DoubleToInt64Bits(value));
        Round = round;
    }

    /// <summary>Adds a measurement to a histogram.</summary>
    public void Record(double value) => _histogram!.Record((long)(value * _histogram.Buckets.Scale));

    public Sample ToSample() => new(labels, _whole.Read(0) + BitConverter.Int64BitsToDouble(Volatile.Read(ref _bits)), _histogram);
}
