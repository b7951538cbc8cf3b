namespace FilterProxy.Core.Telemetry.Metrics;

/// <summary>One series of a histogram, and sums that are kept beside it.</summary>
/// <param name="labels">Of the series.</param>
/// <param name="buckets">Its ranges, over whole numbers.</param>
/// <param name="sums">How many sums.</param>
internal sealed class HistogramSeries(Labels labels, Buckets buckets, int sums = 0) : IHistogram
{
    private readonly Cells _cells = new(buckets.Count + 1 + sums);
    private Exemplar?[]? _exemplars;

    public Labels Labels => labels;

    public Buckets Buckets => buckets;

    public double Sum => _cells.Read(buckets.Count) / buckets.Scale;

    public long CountOf(int bucket) => _cells.Read(bucket);

    public Exemplar? ExemplarOf(int bucket) => Volatile.Read(ref _exemplars)?[bucket];

    /// <summary>One of the sums beside it.</summary>
    public long ReadSum(int index) => _cells.Read(buckets.Count + 1 + index);

    /// <summary>All measurements.</summary>
    public long Count
    {
        get
        {
            var count = 0L;
            for (var i = 0; i < buckets.Count; i++)
            {
                count += CountOf(i);
            }

            return count;
        }
    }

    public void Record(long value)
    {
        var own = _cells.Own();
        own[buckets.IndexOf(value)]++;
        own[buckets.Count] += value;
    }

    /// <summary>Records with two sums.</summary>
    public void Record(long value, long first, long second)
    {
        var own = _cells.Own();
        own[buckets.IndexOf(value)]++;
        own[buckets.Count] += value;
        own[buckets.Count + 1] += first;
        own[buckets.Count + 2] += second;
    }

    /// <summary>Keeps a measurement that has a trace; the last one of its bucket stays.</summary>
    public void Keep(long value, Exemplar exemplar)
    {
        var exemplars = Volatile.Read(ref _exemplars);
        if (exemplars is null)
        {
            exemplars = new Exemplar?[buckets.Count];
            exemplars = Interlocked.CompareExchange(ref _exemplars, exemplars, null) ?? exemplars;
        }

        Volatile.Write(ref exemplars[buckets.IndexOf(value)], exemplar);
    }
}
