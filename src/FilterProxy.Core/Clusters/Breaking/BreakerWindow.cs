using System.Numerics;

namespace FilterProxy.Core.Clusters.Breaking;

/// <summary>What a cluster's attempts of the last seconds ended with: counted in ten slices, of which the oldest is emptied as time goes on.</summary>
internal sealed class BreakerWindow
{
    private const int Slices = 10;

    // Four to every doubling of the time, from a microsecond on: a quantile is told to within a fifth.
    private const int PerDoubling = 4;
    private const int Buckets = 36 * PerDoubling;

    private readonly IReadOnlyList<StatusRange> _ranges;
    private readonly Slice[] _slices;
    private readonly long _sliceTime;
    private volatile Slice _current;
    private int _at;
    private long _dueAt;

    /// <param name="milliseconds">How far it looks back.</param>
    /// <param name="ranges">Statuses that are counted by themselves.</param>
    public BreakerWindow(long milliseconds, IReadOnlyList<StatusRange> ranges)
    {
        _ranges = ranges;
        _sliceTime = Math.Max(1, milliseconds / Slices);
        _slices = [.. Enumerable.Range(0, Slices).Select(_ => new Slice(ranges.Count))];
        _current = _slices[0];
    }

    public int Requests => Sum(static slice => slice.Total);

    /// <summary>Part of the attempts that failed without an answer.</summary>
    public double NetworkErrorRatio => Ratio(Sum(static slice => slice.NetworkErrors), Requests);

    /// <summary>Part of the attempts that failed or were answered with 500 and above.</summary>
    public double ErrorRatio => Ratio(Sum(static slice => slice.Errors), Requests);

    /// <summary>Part of the attempts that were answered with a status of a range.</summary>
    public double StatusRatio(int range) => Ratio(_slices.Sum(slice => Volatile.Read(ref slice.Statuses[range])), Requests);

    /// <summary>The response time in milliseconds that this part of the attempts does not exceed; 0 without any.</summary>
    public double Latency(double quantile)
    {
        var counts = new long[Buckets];
        foreach (var slice in _slices)
        {
            for (var i = 0; i < Buckets; i++)
            {
                counts[i] += Volatile.Read(ref slice.Latencies[i]);
            }
        }

        var left = (long)Math.Ceiling(counts.Sum() * quantile);
        for (var i = 0; i < Buckets && left > 0; i++)
        {
            left -= counts[i];
            if (left <= 0)
            {
                return Math.Pow(2, (i + 1) / (double)PerDoubling) / 1000;
            }
        }

        return 0;
    }

    public void Add(in Outcome outcome)
    {
        var slice = _current;
        Interlocked.Increment(ref slice.Total);
        Interlocked.Increment(ref slice.Latencies[BucketOf(outcome.Latency)]);
        if (outcome.StatusCode is 0 or >= 500)
        {
            Interlocked.Increment(ref slice.Errors);
        }

        if (outcome.StatusCode == 0)
        {
            Interlocked.Increment(ref slice.NetworkErrors);
        }

        for (var i = 0; i < _ranges.Count; i++)
        {
            if (_ranges[i].Contains(outcome.StatusCode))
            {
                Interlocked.Increment(ref slice.Statuses[i]);
            }
        }
    }

    /// <summary>Moves on with the time. One caller.</summary>
    public void Advance(long now)
    {
        _dueAt = _dueAt == 0 ? now + _sliceTime : _dueAt;
        for (var i = 0; now >= _dueAt && i < Slices; i++)
        {
            _dueAt += _sliceTime;
            _at = (_at + 1) % Slices;
            _slices[_at].Clear();
            _current = _slices[_at];
        }

        _dueAt = Math.Max(_dueAt, now);
    }

    public void Clear() => Array.ForEach(_slices, static slice => slice.Clear());

    private static int BucketOf(TimeSpan time)
    {
        var microseconds = Math.Max(1, time.Ticks / TimeSpan.TicksPerMicrosecond);
        var doubling = BitOperations.Log2((ulong)microseconds);
        var part = (int)(((microseconds - (1L << doubling)) * PerDoubling) >> doubling);
        return Math.Min(Buckets - 1, (doubling * PerDoubling) + part);
    }

    private int Sum(Func<Slice, int> count) => _slices.Sum(count);

    private static double Ratio(int part, int whole) => whole == 0 ? 0 : part / (double)whole;

    private sealed class Slice(int ranges)
    {
        public readonly int[] Statuses = new int[ranges];
        public readonly int[] Latencies = new int[Buckets];
        public int Total;
        public int Errors;
        public int NetworkErrors;

        public void Clear()
        {
            Total = Errors = NetworkErrors = 0;
            Array.Clear(Statuses);
            Array.Clear(Latencies);
        }
    }
}
