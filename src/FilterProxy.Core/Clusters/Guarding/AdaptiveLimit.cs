using FilterProxy.Core.Transport;

namespace FilterProxy.Core.Clusters.Guarding;

/// <summary>Lets a cluster's limit on requests follow its response times.</summary>
/// <param name="limiter">Whose limit it sets.</param>
/// <param name="min">No less.</param>
/// <param name="max">No more.</param>
/// <param name="tolerance">Times the long-term latency that still counts as the same.</param>
internal sealed class AdaptiveLimit(RequestLimiter limiter, int min, int max, double tolerance) : IOutcomeObserver, IHeartbeatTarget
{
    private readonly LatencyGradient _gradient = new(min, max, tolerance);

    public void Observe(Endpoint endpoint, in Outcome outcome)
    {
        // What failed before an answer is no sample of how long answers take, but a timeout is.
        if (outcome.StatusCode > 0 || outcome.Error == ProxyErrorKind.UpstreamTimeout)
        {
            _gradient.Observe(outcome.Latency.Ticks, limiter.Active);
        }
    }

    public void OnHeartbeat(long now)
    {
        if (_gradient.TryUpdate(now))
        {
            limiter.Max = _gradient.Limit;
        }
    }
}
