using System.Diagnostics;
using FilterProxy.Core.Telemetry;
using FilterProxy.Core.Telemetry.Metrics;
using FilterProxy.Core.Transport;
using Microsoft.AspNetCore.Connections;

namespace FilterProxy.Core.Clusters;

/// <summary>Byte streams to a cluster: one at a time, each counted against its limits for as long as it is open.</summary>
internal sealed partial class ProxyCluster
{
    private volatile ProxyCluster? _standIn;

    public override Cluster? StandIn => _standIn;

    public override async ValueTask<ConnectionContext> ConnectAsync(PickContext context, CancellationToken cancel)
    {
        var lease = await OpenAsync(context, UpstreamProtocol.Http1, 0, cancel);
        return lease.Error.IsError ? throw new UpstreamException(lease.Error) : new LeasedConnection(lease);
    }

    public override async Task RelayAsync(ConnectionContext downstream, PickContext context, CancellationToken stop)
    {
        var lease = await OpenHereOrElsewhereAsync(context with { Connection = downstream }, 0, stop);
        if (lease.Error.IsError)
        {
            throw new UpstreamException(lease.Error);
        }

        await new StreamRelay(downstream, RelayOptions.Default, _heartbeat, Time).RunAsync(Task.FromResult(lease), stop);
    }

    public override ValueTask<RelayReport> RelayAsync(ConnectionContext downstream, PickContext context, RelayOptions options, CancellationToken stop = default) =>
        new(new StreamRelay(downstream, options, _heartbeat, Time).RunAsync(OpenHereOrElsewhereAsync(context with { Connection = downstream }, options.ConnectAttempts, stop), stop));

    /// <summary>The clusters of a configuration are complete: finds the one that takes what this does not.</summary>
    public void Bind(IReadOnlyDictionary<string, ProxyCluster> clusters) =>
        _standIn = Guard.Fallback?.Cluster is { } name ? clusters.GetValueOrDefault(name) : null;

    /// <summary>
    /// A stream to an endpoint of this cluster; where it takes none, of the cluster that stands in for it. What thousands of clients that come at
    /// once wait in here is memory that stays for a while: no async method more than there must be.
    /// </summary>
    private Task<StreamLease> OpenHereOrElsewhereAsync(PickContext context, int attempts, CancellationToken cancel)
    {
        var lease = OpenAsync(context, UpstreamProtocol.Bytes, attempts, cancel);
        return _standIn is { } other ? OpenElsewhereAsync(lease, other, context, attempts, cancel) : lease;
    }

    private static async Task<StreamLease> OpenElsewhereAsync(Task<StreamLease> here, ProxyCluster standIn, PickContext context, int attempts, CancellationToken cancel)
    {
        var lease = await here;
        var other = standIn;
        for (var handedOn = 0; lease.IsNotTaken && other is not null && handedOn < ClusterFallback.Most; handedOn++)
        {
            lease = await other.OpenAsync(context, UpstreamProtocol.Bytes, attempts, cancel);
            other = other._standIn;
        }

        return lease;
    }

    /// <summary>A stream to an endpoint that could be reached, or the error of the last that could not.</summary>
    private async Task<StreamLease> OpenAsync(PickContext context, UpstreamProtocol protocol, int attempts, CancellationToken cancel)
    {
        if (protocol == UpstreamProtocol.Bytes && context.Connection is { } client)
        {
            // Accepted on another thread: what is opened from its loop belongs to the same.
            await Relay.ToLoopOfAsync(client);
        }

        var loop = EventLoop.Current;
        var limit = Guard.Requests.TryEnter() ? Limit.None : await Guard.Requests.EnterAsync(cancel);
        if (limit != Limit.None)
        {
            cancel.ThrowIfCancellationRequested();
            return NotTaken(Rejected(limit));
        }

        if (cancel.IsCancellationRequested)
        {
            Guard.Requests.Leave();
            throw new OperationCanceledException(cancel);
        }

        var inAll = _poolRules.InAll;
        if (inAll?.TryTake() == false)
        {
            Guard.Requests.Leave();
            return NotTaken(Rejected(Limit.MaxConnections));
        }

        StreamLease? last = null;
        try
        {
            if (Guard.Breaker?.TryPass() == false)
            {
                return NotTaken(Rejected(Limit.CircuitBreaker));
            }

            List<Endpoint>? tried = null;
            var connect = new ConnectContext(context.Exchange?.Downstream ?? DescribeClient(context), loop);
            for (var attempt = 0; attempts == 0 || attempt < attempts; attempt++)
            {
                if (last is not null)
                {
                    (tried ??= [.. context.Tried ?? []]).Add(last.Endpoint!);
                }

                if (Take(tried is null ? context : context with { Tried = tried }, out var isFull) is not { } endpoint)
                {
                    return last is not null ? NotTaken(last.Error, last.Endpoint)
                        : NotTaken(isFull ? Rejected(Limit.EndpointRequests) : ProxyError.Upstream(ProxyErrorKind.NoEndpoint));
                }

                last = await TryOpenAsync(endpoint, protocol, connect, cancel);
                if (last.Connection is not null)
                {
                    // The thread a name was resolved on, or TLS was done, is not the client's.
                    if (loop is not null && loop != EventLoop.Current)
                    {
                        await Relay.BackToAsync(loop);
                    }

                    return last;
                }
            }

            return last!;
        }
        finally
        {
            if (last?.Connection is null)
            {
                inAll?.Return();
                Guard.Requests.Leave();
            }
        }
    }

    private async ValueTask<StreamLease> TryOpenAsync(Endpoint endpoint, UpstreamProtocol protocol, ConnectContext context, CancellationToken cancel)
    {
        var metrics = endpoint.Metrics as EndpointMetrics;
        var (began, counted) = (Stopwatch.GetTimestamp(), metrics?.Timestamp ?? 0);
        var isOpen = false;
        ProxyError error;
        using var timeout = cancel.CanBeCanceled ? _connectTimeouts.LinkedTo(cancel) : null;
        try
        {
            var peer = endpoint.Peer.Protocol == protocol ? endpoint.Peer : endpoint.Peer with { Protocol = protocol };
            var connection = await _connector.ConnectAsync(peer, context, timeout?.Token ?? _connectTimeouts.Token);
            isOpen = true;
            metrics?.RecordConnect(counted);

            // Of a byte stream nobody knows more than that it opened.
            endpoint.Observe(new Outcome(200, ProxyErrorKind.None, Stopwatch.GetElapsedTime(began)));
            return new StreamLease(connection, endpoint, Guard.Requests, _poolRules.InAll);
        }
        catch (UpstreamException e)
        {
            cancel.ThrowIfCancellationRequested();
            error = e.Error;
        }
        catch (Exception e) when (!cancel.IsCancellationRequested)
        {
            error = ConnectionPool.ErrorOf(e);
        }
        finally
        {
            if (!isOpen)
            {
                endpoint.End();
            }
        }

        endpoint.Observe(new Outcome(0, error.Kind, Stopwatch.GetElapsedTime(began)));
        return new StreamLease(error, endpoint) { Reason = ReasonOf(error) };
    }

    /// <summary>The client, where its upstreams are told of it.</summary>
    private DownstreamInfo? DescribeClient(in PickContext context) =>
        context.Connection is { } client && _connector is not TcpConnector { TellsClient: false } ? DownstreamAddresses.Describe(client) : null;

    private StreamLease NotTaken(in ProxyError error, Endpoint? last = null) => new(error, last) { IsNotTaken = true, Reason = ReasonOf(error) };

    private ProxyError Rejected(Limit limit)
    {
        Guard.Limits.Reached(limit);
        Guard.Complain(Name, Limits.ReasonOf(limit), _heartbeat.Now);
        return limit == Limit.CircuitBreaker
            ? ProxyError.Upstream(ProxyErrorKind.CircuitOpen)
            : ProxyError.Upstream(ProxyErrorKind.Overloaded, detail: Limits.DetailOf(limit));
    }

    private string ReasonOf(in ProxyError error) => error switch
    {
        { Kind: ProxyErrorKind.ConnectFailed or ProxyErrorKind.ConnectTimeout, Detail: { } detail } => detail,
        { Kind: ProxyErrorKind.CircuitOpen } => "circuit_open",
        { Kind: ProxyErrorKind.Overloaded } => "overloaded",
        { Kind: ProxyErrorKind.NoEndpoint } => "no_endpoint",
        _ => Metrics?.ReasonOf(error.Kind) ?? "connect_failed",
    };
}
