using System.Diagnostics.Metrics;

namespace FilterProxy.Filters.JwtAuth;

/// <summary>What the filter counts.</summary>
internal sealed class JwtMetrics(Meter meter)
{
    private static readonly KeyValuePair<string, object?> Remembered = new("result", "remembered"), Verified = new("result", "verified"), Refused = new("result", "refused"),
        Absent = new("result", "absent");

    private readonly Counter<long> _tokens = meter.CreateCounter<long>(
        "filterproxy.jwt.tokens", "{request}", "Requests by what became of their token: remembered, verified, refused or absent.");

    public void CountRemembered() => _tokens.Add(1, Remembered);

    public void CountVerified() => _tokens.Add(1, Verified);

    public void CountRefused() => _tokens.Add(1, Refused);

    public void CountAbsent() => _tokens.Add(1, Absent);
}
