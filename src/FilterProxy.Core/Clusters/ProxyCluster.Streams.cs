using System.Diagnostics;
using FilterProxy.Core.Telemetry;
using FilterProxy.Core.Telemetry.Metrics;
using FilterProxy.Core.Transport;
using Microsoft.AspNetCore.Connections;

namespace FilterProxy.Core.Clusters;

/// <summary>Byte streams to a cluster: one at a time, each counted against its limits for as long as it is open.</summary>
internal sealed partial class ProxyCluster
{
    public override async ValueTask<ConnectionContext> ConnectAsync(PickContext context, CancellationToken cancel)
    {
        var lease = await OpenAsync(context, UpstreamProtocol.Http1, 0, cancel);
        return lease.Error.IsError ? throw new UpstreamException(lease.Error) : new LeasedConnection(lease);
    }

    public override async Task RelayAsync(ConnectionContext downstream, PickContext context, CancellationToken stop)
    {
        await Relay.ToLoopOfAsync(downstream);
        var lease = await OpenAsync(context with { Connection = downstream }, UpstreamProtocol.Bytes, 0, stop);
        if (lease.Error.IsError)
        {
            throw new UpstreamException(lease.Error);
        }

        await RelayAsync(downstream, lease, RelayOptions.Default, stop);
    }

    public override async ValueTask<RelayReport> RelayAsync(ConnectionContext downstream, PickContext context, RelayOptions options, CancellationToken stop = default)
    {
        StreamLease lease;
        await Relay.ToLoopOfAsync(downstream);
        try
        {
            lease = await OpenAsync(context with { Connection = downstream }, UpstreamProtocol.Bytes, options.ConnectAttempts, stop);
        }
        catch (OperationCanceledException)
        {
            return new RelayReport(0, 0, "aborted", null, false);
        }

        return lease.Error.IsError
            ? new RelayReport(0, 0, ReasonOf(lease.Error), lease.Endpoint, false)
            : await RelayAsync(downstream, lease, options, stop);
    }

    private async ValueTask<RelayReport> RelayAsync(ConnectionContext downstream, StreamLease lease, RelayOptions options, CancellationToken stop)
    {
        await using (lease)
        {
            SocketKeepAlive.Set(downstream, options.KeepAlive);
            SocketKeepAlive.Set(lease.Connection!, options.KeepAlive);
            var relay = new StreamRelay(downstream, lease.Connection!, options, _heartbeat, Time);
            var reason = await relay.RunAsync(stop);
            return new RelayReport(relay.ToUpstream, relay.ToClient, reason, lease.Endpoint, true);
        }
    }

    /// <summary>A stream to an endpoint that could be reached, or the error of the last that could not.</summary>
    private async ValueTask<StreamLease> OpenAsync(PickContext context, UpstreamProtocol protocol, int attempts, CancellationToken cancel)
    {
        var loop = EventLoop.Current;
        var limit = Guard.Requests.TryEnter() ? Limit.None : await Guard.Requests.EnterAsync(cancel);
        cancel.ThrowIfCancellationRequested();
        if (limit != Limit.None)
        {
            return new StreamLease(Rejected(limit), null);
        }

        var inAll = _poolRules.InAll;
        if (inAll?.TryTake() == false)
        {
            Guard.Requests.Leave();
            return new StreamLease(Rejected(Limit.MaxConnections), null);
        }

        Endpoint? last = null;
        ConnectionContext? connection = null;
        try
        {
            var error = Guard.Breaker?.TryPass() == false ? ProxyError.Upstream(ProxyErrorKind.CircuitOpen) : ProxyError.Upstream(ProxyErrorKind.NoEndpoint);
            var tried = new List<Endpoint>();
            var downstream = context.Exchange?.Downstream ?? (context.Connection is { } client ? DownstreamAddresses.Describe(client) : null);
            while (error.Kind != ProxyErrorKind.CircuitOpen && (attempts == 0 || tried.Count < attempts))
            {
                if (Take(context with { Tried = tried }, out var isFull) is not { } endpoint)
                {
                    error = isFull && last is null ? Rejected(Limit.EndpointRequests) : error;
                    break;
                }

                last = endpoint;
                tried.Add(endpoint);
                (connection, error) = await TryOpenAsync(endpoint, protocol, new ConnectContext(downstream, loop), cancel);
                if (connection is not null)
                {
                    // The thread a name was resolved on, or TLS was done, is not the client's.
                    if (loop is not null && loop != EventLoop.Current)
                    {
                        await Relay.BackToAsync(loop);
                    }

                    return new StreamLease(connection, endpoint, Guard.Requests, inAll);
                }
            }

            return new StreamLease(error, last);
        }
        finally
        {
            if (connection is null)
            {
                inAll?.Return();
                Guard.Requests.Leave();
            }
        }
    }

    private async ValueTask<(ConnectionContext? Connection, ProxyError Error)> TryOpenAsync(
        Endpoint endpoint, UpstreamProtocol protocol, ConnectContext context, CancellationToken cancel)
    {
        var metrics = endpoint.Metrics as EndpointMetrics;
        var (began, counted) = (Stopwatch.GetTimestamp(), metrics?.Timestamp ?? 0);
        var isOpen = false;
        ProxyError error;
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        timeout.CancelAfter(_poolRules.ConnectTimeout > TimeSpan.Zero ? _poolRules.ConnectTimeout : Timeout.InfiniteTimeSpan);
        try
        {
            var peer = endpoint.Peer.Protocol == protocol ? endpoint.Peer : endpoint.Peer with { Protocol = protocol };
            var connection = await _connector.ConnectAsync(peer, context, timeout.Token);
            isOpen = true;
            metrics?.RecordConnect(counted);

            // Of a byte stream nobody knows more than that it opened.
            endpoint.Observe(new Outcome(200, ProxyErrorKind.None, Stopwatch.GetElapsedTime(began)));
            return (connection, default);
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
        return (null, error);
    }

    private ProxyError Rejected(Limit limit)
    {
        Guard.Limits.Reached(limit);
        return ProxyError.Upstream(ProxyErrorKind.Overloaded, detail: Limits.DetailOf(limit));
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
