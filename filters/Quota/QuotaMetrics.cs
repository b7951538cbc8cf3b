using System.Diagnostics.Metrics;

namespace FilterProxy.Filters.Quota;

/// <summary>What quotas count.</summary>
internal sealed class QuotaMetrics(Meter meter)
{
    private readonly Counter<long> _requests = meter.CreateCounter<long>(
        "filterproxy.quota.requests", "{request}", "Requests by quota that were not simply let through: limited, dry_run (would have been), or unshared (judged without redis).");

    private readonly Counter<long> _failures = meter.CreateCounter<long>("filterproxy.quota.save_failures", "{write}", "Times the file of a quota could not be written.");

    public void Count(string quota, string result) => _requests.Add(1, new KeyValuePair<string, object?>("quota", quota), new KeyValuePair<string, object?>("result", result));

    public void CountFailure() => _failures.Add(1);
}
