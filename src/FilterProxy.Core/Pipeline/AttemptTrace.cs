using System.Diagnostics;
using System.Net;

namespace FilterProxy.Core.Pipeline;

/// <summary>The span of one attempt, and what is to be written into it when the exchange is over.</summary>
internal sealed class AttemptTrace(Activity span, ProxyExchange x, DateTimeOffset began)
{
    private readonly string _method = x.Request.MethodText;
    private readonly string _cluster = x.Peer!.Cluster.Name;
    private readonly string _endpoint = x.Peer.Endpoint.Name;
    private readonly EndPoint _address = x.Peer.Endpoint.Address;

    public Activity Span => span;

    /// <summary>Which attempt of the exchange it is, from 1.</summary>
    public int Number { get; } = x.Attempt;

    public DateTimeOffset Began => began;

    public DateTimeOffset Ended { get; set; }

    /// <summary>Why it failed; null where it did not.</summary>
    public string? Reason { get; set; }

    /// <summary>What was answered; 0 where nothing was.</summary>
    public int Status { get; set; }

    /// <summary>What became of it, where it ran beside another; null where it did not.</summary>
    public string? Outcome { get; set; }

    /// <summary>Writes down what is known, and ends the span.</summary>
    public void Write()
    {
        if (span.Recorded)
        {
            var (host, port) = _address switch
            {
                IPEndPoint ip => (ip.Address.ToString(), ip.Port),
                DnsEndPoint dns => (dns.Host, dns.Port),
                _ => (_endpoint, 0),
            };
            ExchangeTrace.Tag(span, "http.request.method", _method);
            ExchangeTrace.Tag(span, "filterproxy.cluster", _cluster);
            ExchangeTrace.Tag(span, "filterproxy.endpoint", _endpoint);
            ExchangeTrace.Tag(span, "server.address", host);
            ExchangeTrace.Tag(span, "server.port", port > 0 ? port : null);
            ExchangeTrace.Tag(span, "http.request.resend_count", Number > 1 ? Number - 1 : null);
            ExchangeTrace.Tag(span, "filterproxy.outcome", Outcome);
            ExchangeTrace.Describe(span, Reason, Status, isFailure: Status >= 400);
        }

        span.SetEndTime(Ended.UtcDateTime);
        ExchangeTrace.Stop(span);
    }
}
