using System.Diagnostics.Metrics;

namespace FilterProxy.Filters.ApiKey;

/// <summary>What the filter counts.</summary>
internal sealed class ApiKeyMetrics(Meter meter)
{
    private static readonly KeyValuePair<string, object?> Admitted = new("result", "admitted"), Refused = new("result", "refused"), Absent = new("result", "absent");

    private readonly Counter<long> _requests =
        meter.CreateCounter<long>("filterproxy.api_key.requests", "{request}", "Requests by what became of their key: admitted, refused or absent.");

    public void CountAdmitted() => _requests.Add(1, Admitted);

    public void CountRefused() => _requests.Add(1, Refused);

    public void CountAbsent() => _requests.Add(1, Absent);
}
