using FilterProxy.Core.Transport;

namespace FilterProxy.Core.Clusters.Guarding;

/// <summary>
/// Finds the number of requests a cluster can take at a time: it grows while response times stay what they were, and shrinks by as much as they
/// grow (the gradient of short-term to long-term latency).
/// </summary>
/// <param name="limiter">Whose limit it sets.</param>
/// <param name="min">No less.</param>
/// <param name="max">No more.</param>
/// <param name="tolerance">Times the long-term latency that still counts as the same.</param>
internal sealed class AdaptiveLimit(RequestLimiter limiter, int min, int max, double tolerance) : IOutcomeObserver, IHeartbeatTarget
{
    private const long Window = 500;
    private const int MinSamples = 10;
    private const double Smoothing = 0.2;
    private long _ticks;
    private int _samples;
    private int _busiest;
    private long _dueAt;
    private double _longTerm;
    private double _limit = Math.Max(min, Math.Min(max, 100));

    public void Observe(Endpoint endpoint, in Outcome outcome)
    {
        // What failed before an answer is no sample of how long answers take, but a timeout is.
        if (outcome.StatusCode > 0 || outcome.Error == ProxyErrorKind.UpstreamTimeout)
        {
            Interlocked.Add(ref _ticks, outcome.Latency.Ticks);
            Interlocked.Increment(ref _samples);
            if (limiter.Active > Volatile.Read(ref _busiest))
            {
                Volatile.Write(ref _busiest, limiter.Active);
            }
        }
    }

    public void OnHeartbeat(long now)
    {
        if (now < _dueAt || Volatile.Read(ref _samples) < MinSamples)
        {
            return;
        }

        _dueAt = now + Window;
        var latency = Interlocked.Exchange(ref _ticks, 0) / (double)Interlocked.Exchange(ref _samples, 0);
        Update(latency, Interlocked.Exchange(ref _busiest, 0));
    }

    private void Update(double latency, int busiest)
    {
        // The long term falls as fast as the short one does and rises slowly, or a slow time would become the measure.
        _longTerm = _longTerm == 0 || latency < _longTerm ? latency : _longTerm + ((latency - _longTerm) * 0.01);
        var gradient = Math.Clamp(tolerance * _longTerm / Math.Max(1, latency), 0.5, 1);

        // Who does not use the limit says nothing about whether it could be higher.
        if (gradient >= 1 && busiest < _limit / 2)
        {
            return;
        }

        var wanted = (_limit * gradient) + Math.Sqrt(_limit);
        _limit = Math.Clamp((_limit * (1 - Smoothing)) + (wanted * Smoothing), min, max);
        limiter.Max = (int)_limit;
    }
}
