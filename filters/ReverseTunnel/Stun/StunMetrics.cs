using System.Diagnostics.Metrics;

namespace FilterProxy.Filters.ReverseTunnel.Stun;

/// <summary>What is counted of those who ask where they are seen.</summary>
internal sealed class StunMetrics(Meter meter)
{
    private readonly Counter<long> _requests = meter.CreateCounter<long>(
        "filterproxy.reverse_tunnel.stun.requests", "{request}", "Datagrams to the STUN service, by outcome: answered, malformed, client_rate, failed.");

    public void Asked(string outcome) => _requests.Add(1, new KeyValuePair<string, object?>("outcome", outcome));
}
