namespace FilterProxy.Filters.ReverseTunnel.Egress;

/// <summary>
/// Keeps requests to targets an agent may connect to: other endpoints of their cluster are passed over, and where there is none that may be connected to the answer is 403. Stands
/// on routes, or for all of them among <c>http.route_filters</c>.
/// </summary>
[Component("tunnel_egress")]
public sealed class TunnelEgressFilter : IUpstreamPeerFilter
{
    private static readonly byte[] Forbidden = "Forbidden\n"u8.ToArray(), Unavailable = "Service Unavailable\n"u8.ToArray();

    private readonly EgressRules _rules;

    /// <summary>Reads the rules.</summary>
    public TunnelEgressFilter(TunnelEgressOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        _rules = options.Allow.Count > 0 ? new EgressRules(options) : throw new ArgumentException("allow is missing: what a request may not be sent to is the rest");
    }

    /// <inheritdoc/>
    public ValueTask<UpstreamPeer?> SelectPeerAsync(HttpExchange exchange)
    {
        ArgumentNullException.ThrowIfNull(exchange);
        if (exchange.Cluster is not { } cluster || _rules.DeniedOf(cluster, out var isNone) is not { } passedOver)
        {
            return default;
        }

        foreach (var attempt in exchange.Stats.Attempts)
        {
            if (attempt.Endpoint is { } tried)
            {
                passedOver.Add(tried);
            }
        }

        if (isNone)
        {
            exchange.Reply(403, "tunnel_egress_denied", Forbidden, "text/plain; charset=utf-8");
            return default;
        }

        if (cluster.Pick(new PickContext(exchange.HashKey, exchange, null, passedOver)) is { } peer)
        {
            return new(peer);
        }

        // The engine would take one of those.
        exchange.Reply(503, "no_endpoint", Unavailable, "text/plain; charset=utf-8");
        return default;
    }
}
