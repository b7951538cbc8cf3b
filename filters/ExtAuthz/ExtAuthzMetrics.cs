using System.Diagnostics.Metrics;

namespace FilterProxy.Filters.ExtAuthz;

/// <summary>What the filter counts.</summary>
internal sealed class ExtAuthzMetrics(Meter meter)
{
    private readonly Counter<long> _requests =
        meter.CreateCounter<long>("filterproxy.ext_authz.requests", "{request}", "Requests by what the service said: allowed, denied, or error where it said nothing.");

    public void Count(string result) => _requests.Add(1, new KeyValuePair<string, object?>("result", result));
}
