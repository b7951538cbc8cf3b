using FilterProxy.Core.Transport;

namespace FilterProxy.Core.Clusters.Health;

/// <summary>
/// Ejects endpoints that answer worse than they should, judged by the traffic itself: failures in a row at once, rates after each interval.
/// The rules and their defaults are Envoy's; failures before an answer count as 5xx, and by themselves besides.
/// </summary>
internal sealed class OutlierDetector(ProxyCluster cluster, OutlierRules rules) : IOutcomeObserver, IHeartbeatTarget
{
    private long _nextInterval;

    public OutlierRules Rules => rules;

    public void Observe(Endpoint endpoint, in Outcome outcome)
    {
        var counters = ClusterHealth.Of(endpoint).Counters;
        Interlocked.Increment(ref counters.Total);
        var local = outcome.StatusCode == 0;
        if (!local && outcome.StatusCode < 500)
        {
            Interlocked.Increment(ref counters.Succeeded);
            Clear(ref counters.Consecutive5xx);
            Clear(ref counters.ConsecutiveGatewayErrors);
            Clear(ref counters.ConsecutiveLocalFailures);
            return;
        }

        if (!local)
        {
            Clear(ref counters.ConsecutiveLocalFailures);
        }

        if (Reached(ref counters.Consecutive5xx, rules.Consecutive5xx))
        {
            cluster.Health.TryEject(endpoint, $"{rules.Consecutive5xx} server errors in a row", rules);
        }
        else if (!local && outcome.StatusCode is not (502 or 503 or 504))
        {
            Clear(ref counters.ConsecutiveGatewayErrors);
        }
        else if (Reached(ref counters.ConsecutiveGatewayErrors, rules.ConsecutiveGatewayErrors))
        {
            cluster.Health.TryEject(endpoint, $"{rules.ConsecutiveGatewayErrors} gateway errors in a row", rules);
        }
        else if (local && Reached(ref counters.ConsecutiveLocalFailures, rules.ConsecutiveLocalFailures))
        {
            cluster.Health.TryEject(endpoint, $"{rules.ConsecutiveLocalFailures} failures in a row without an answer", rules);
        }
    }

    public void OnHeartbeat(long now)
    {
        _nextInterval = _nextInterval == 0 ? now + rules.Interval : _nextInterval;
        var isInterval = now >= _nextInterval;
        cluster.Health.ReadmitDue(now, isInterval);
        if (isInterval)
        {
            _nextInterval = now + rules.Interval;
            CompareRates();
        }
    }

    private void CompareRates()
    {
        var rates = new List<(Endpoint Endpoint, double Rate)>();
        foreach (var endpoint in cluster.Endpoints.Span)
        {
            var counters = ClusterHealth.Of(endpoint).Counters;
            var total = Interlocked.Exchange(ref counters.Total, 0);
            var succeeded = Interlocked.Exchange(ref counters.Succeeded, 0);
            if (total >= Math.Max(1, rules.MinRequests) && endpoint.IsHealthy)
            {
                rates.Add((endpoint, Math.Min(1, succeeded / (double)total)));
            }
        }

        if (rates.Count < rules.MinHosts)
        {
            return;
        }

        var mean = rates.Average(rate => rate.Rate);
        var deviation = Math.Sqrt(rates.Average(rate => (rate.Rate - mean) * (rate.Rate - mean)));
        foreach (var (endpoint, rate) in rates)
        {
            if (rules.SuccessRateDeviations > 0 && rate < mean - (rules.SuccessRateDeviations * deviation))
            {
                cluster.Health.TryEject(endpoint, $"success rate {rate:P1}, the others' {mean:P1}", rules);
            }
            else if (rules.FailurePercent > 0 && (1 - rate) * 100 >= rules.FailurePercent)
            {
                cluster.Health.TryEject(endpoint, $"{1 - rate:P0} of requests failed", rules);
            }
        }
    }

    // Exactly one of those who count reaches it.
    private static bool Reached(ref int counter, int threshold) => threshold > 0 && Interlocked.Increment(ref counter) == threshold;

    // Nothing is written while all is well.
    private static void Clear(ref int counter)
    {
        if (Volatile.Read(ref counter) != 0)
        {
            Volatile.Write(ref counter, 0);
        }
    }
}
