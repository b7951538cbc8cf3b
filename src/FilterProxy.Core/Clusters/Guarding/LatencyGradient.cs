namespace FilterProxy.Core.Clusters.Guarding;

/// <summary>
/// Finds the number of requests something can take at a time: it grows while response times stay what they were, and shrinks by as much as
/// they grow (the gradient of short-term to long-term latency). It knows neither clusters nor filters, and is compiled into both.
/// </summary>
/// <param name="min">No less.</param>
/// <param name="max">No more.</param>
/// <param name="tolerance">Times the long-term latency that still counts as the same.</param>
internal sealed class LatencyGradient(int min, int max, double tolerance)
{
    private const long Window = 500;
    private const int MinSamples = 10;
    private const double Smoothing = 0.2;
    private long _ticks;
    private int _samples;
    private int _busiest;
    private long _dueAt;
    private int _updating;
    private double _longTerm;
    private double _limit = Math.Max(min, Math.Min(max, 100));
    private int _whole = Math.Max(min, Math.Min(max, 100));

    /// <summary>What it has found so far.</summary>
    public int Limit => Volatile.Read(ref _whole);

    /// <summary>A request took so long while so many were under way.</summary>
    public void Observe(long ticks, int active)
    {
        Interlocked.Add(ref _ticks, ticks);
        Interlocked.Increment(ref _samples);
        if (active > Volatile.Read(ref _busiest))
        {
            Volatile.Write(ref _busiest, active);
        }
    }

    /// <summary>Works the limit out anew when it is time; one caller does, others at the same time do not. True when there is another.</summary>
    /// <param name="now">Milliseconds of any clock that goes forward.</param>
    public bool TryUpdate(long now)
    {
        if (now < Volatile.Read(ref _dueAt) || Volatile.Read(ref _samples) < MinSamples || Interlocked.Exchange(ref _updating, 1) != 0)
        {
            return false;
        }

        Volatile.Write(ref _dueAt, now + Window);
        var latency = Interlocked.Exchange(ref _ticks, 0) / (double)Math.Max(1, Interlocked.Exchange(ref _samples, 0));
        var isFound = Update(latency, Interlocked.Exchange(ref _busiest, 0));
        Volatile.Write(ref _whole, (int)_limit);
        Volatile.Write(ref _updating, 0);
        return isFound;
    }

    private bool Update(double latency, int busiest)
    {
        // The long term falls as fast as the short one does and rises slowly, or a slow time would become the measure.
        _longTerm = _longTerm == 0 || latency < _longTerm ? latency : _longTerm + ((latency - _longTerm) * 0.01);
        var gradient = Math.Clamp(tolerance * _longTerm / Math.Max(1, latency), 0.5, 1);

        // Who does not use the limit says nothing about whether it could be higher.
        if (gradient >= 1 && busiest < _limit / 2)
        {
            return false;
        }

        var wanted = (_limit * gradient) + Math.Sqrt(_limit);
        _limit = Math.Clamp((_limit * (1 - Smoothing)) + (wanted * Smoothing), min, max);
        return true;
    }
}
