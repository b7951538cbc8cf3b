using System.Buffers;
using FilterProxy.Filters.ReverseTunnel.Server;

namespace FilterProxy.Filters.ReverseTunnel.Services;

/// <summary>
/// Has each request go to an agent whose <c>http</c> service has its host name and path. Stands on a route to the cluster of a tenant's agents; what no service has is
/// answered by 404.
/// </summary>
[Component("tunnel_services")]
public sealed class TunnelServicesFilter : IRequestFilter, IUpstreamPeerFilter, IRequestBodyFilter, IResponseBodyFilter, ILoggingFilter
{
    private static readonly byte[] NotFound = "Not Found\n"u8.ToArray(), Unavailable = "Service Unavailable\n"u8.ToArray();

    private readonly ServiceTable _services;
    private readonly Slot<ServiceClaim> _claim;
    private readonly Slot<ServiceRates.Share> _share;
    private readonly ServiceMetrics _metrics;
    private readonly TimeProvider _time;

    /// <summary>Finds the services.</summary>
    public TunnelServicesFilter(ComponentContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        (_services, _metrics, _time) = (context.Shared<ServiceTable>(), new ServiceMetrics(context.Meter), context.Time);
        (_claim, _share) = (context.CreateSlot<ServiceClaim>("tunnel_service"), context.CreateSlot<ServiceRates.Share>("tunnel_service_rates"));
    }

    /// <inheritdoc/>
    public ValueTask<FilterStatus> OnRequestAsync(HttpExchange exchange)
    {
        ArgumentNullException.ThrowIfNull(exchange);
        var request = exchange.Request;
        if (_services.FindHttp(Http.Authority.HostOf(request.Authority), request.Path) is not { } claim)
        {
            exchange.Reply(404, "tunnel_no_service", NotFound, "text/plain; charset=utf-8");
            return new(FilterStatus.Stop);
        }

        claim.Record.Begin();
        exchange.Set(_claim, claim);
        if (claim.Record.Rates is { } rates)
        {
            exchange.Set(_share, rates.Enter(exchange.Downstream.ClientAddress ?? exchange.Downstream.RemoteAddress));
        }

        return new(FilterStatus.Continue);
    }

    /// <inheritdoc/>
    public ValueTask<UpstreamPeer?> SelectPeerAsync(HttpExchange exchange)
    {
        ArgumentNullException.ThrowIfNull(exchange);
        if (exchange.Get(_claim) is { } claim && exchange.Cluster is { } cluster)
        {
            // Of the cluster's endpoints alone: a service of another tenant's agents is not there.
            var (members, first) = claim.Turn;
            Endpoint? tried = null;
            for (var i = 0; i < members.Length; i++)
            {
                if (Find(cluster.Endpoints.Span, members[(first + i) % members.Length].Agent) is { } endpoint)
                {
                    if (!WasTried(exchange, endpoint))
                    {
                        return new(endpoint.Peer);
                    }

                    tried ??= endpoint;
                }
            }

            if (tried is not null)
            {
                return new(tried.Peer);
            }

            claim.Record.Fail("tunnel_no_agent");
            exchange.Reply(503, "tunnel_no_agent", Unavailable, "text/plain; charset=utf-8");
        }

        return default;
    }

    /// <inheritdoc/>
    public BodyUse UseRequestBody(HttpExchange exchange) => exchange.Get(_share) is { Upload.Count: > 0 } ? BodyUse.Observe : BodyUse.None;

    /// <inheritdoc/>
    public BodyUse UseResponseBody(HttpExchange exchange) => exchange.Get(_share) is { Download.Count: > 0 } ? BodyUse.Observe : BodyUse.None;

    /// <inheritdoc/>
    public ValueTask<FilterStatus> OnRequestBodyAsync(HttpExchange exchange, ReadOnlySequence<byte> data, bool end, IBufferWriter<byte>? output) =>
        SlowAsync(exchange, exchange.Get(_share)?.Upload, data.Length);

    /// <inheritdoc/>
    public ValueTask<FilterStatus> OnResponseBodyAsync(HttpExchange exchange, ReadOnlySequence<byte> data, bool end, IBufferWriter<byte>? output) =>
        SlowAsync(exchange, exchange.Get(_share)?.Download, data.Length);

    /// <inheritdoc/>
    public void OnLogging(HttpExchange exchange)
    {
        if (exchange.Get(_claim) is { } claim)
        {
            exchange.Get(_share)?.Dispose();
            exchange.Set(_claim, null);
            exchange.Set(_share, null);
            var stats = exchange.Stats;
            claim.Record.End(stats.RequestBodyBytes, stats.ResponseBodyBytes);
            _metrics.Ended(claim.Owner, stats.Reason, stats.RequestBodyBytes, stats.ResponseBodyBytes);
        }
    }

    private ValueTask<FilterStatus> SlowAsync(HttpExchange exchange, IReadOnlyList<ByteRate>? rates, long bytes)
    {
        var wait = TimeSpan.Zero;
        for (var i = 0; bytes > 0 && i < rates?.Count; i++)
        {
            var one = rates[i].Take(bytes);
            wait = one > wait ? one : wait;
        }

        return wait == TimeSpan.Zero ? new(FilterStatus.Continue) : WaitAsync(exchange, wait);
    }

    private async ValueTask<FilterStatus> WaitAsync(HttpExchange exchange, TimeSpan wait)
    {
        // A client that leaves ends it; what it had coming was counted all the same.
        await Task.Delay(wait < TimeSpan.FromDays(1) ? wait : TimeSpan.FromDays(1), _time, exchange.Aborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return FilterStatus.Continue;
    }

    private static bool WasTried(HttpExchange exchange, Endpoint endpoint)
    {
        foreach (ref readonly var attempt in exchange.Stats.Attempts)
        {
            if (ReferenceEquals(attempt.Endpoint, endpoint))
            {
                return true;
            }
        }

        return false;
    }

    private static Endpoint? Find(ReadOnlySpan<Endpoint> endpoints, AgentId agent)
    {
        foreach (var endpoint in endpoints)
        {
            if (endpoint.IsHealthy && endpoint.Address is AgentEndPoint address && address.Id == agent)
            {
                return endpoint;
            }
        }

        return null;
    }
}
