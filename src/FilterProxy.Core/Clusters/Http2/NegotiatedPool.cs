using FilterProxy.Core.Telemetry.Metrics;
using FilterProxy.Core.Transport;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace FilterProxy.Core.Clusters.Http2;

/// <summary>
/// The way to a peer that chooses its protocol by ALPN: the first connection tells, and is then used. What was learned holds until a
/// connection of that protocol cannot be had, and HTTP/1 for a while only: the peer may have learned HTTP/2 since.
/// </summary>
/// <param name="peer">Of protocol auto, over TLS.</param>
/// <param name="connector">Opens its connections.</param>
/// <param name="http1">The connections in case of HTTP/1.</param>
/// <param name="http2">The connections in case of HTTP/2.</param>
/// <param name="rules">Of the pool.</param>
/// <param name="heartbeat">The clock.</param>
internal sealed class NegotiatedPool(
    UpstreamPeer peer, IConnector connector, ConnectionPool http1, HttpPool http2, PoolRules rules, Heartbeat heartbeat)
{
    private const long Http1Holds = 300_000;
    private readonly Lock _lock = new();
    private volatile object? _chosen;
    private long _chosenAt;
    private Task<ProxyError>? _asking;

    /// <summary>For what only HTTP/1 can carry.</summary>
    public ConnectionPool Http1 => http1;

    /// <summary>A <see cref="ConnectionPool"/> or an <see cref="HttpPool"/>; null while it is not known.</summary>
    public object? Chosen =>
        _chosen is ConnectionPool && heartbeat.Now - Volatile.Read(ref _chosenAt) > Http1Holds ? null : _chosen;

    /// <summary>Finds out. The error is that of the connection.</summary>
    /// <param name="cancel">Ends the wait, not what others wait for as well.</param>
    public async ValueTask<ProxyError> AskAsync(CancellationToken cancel)
    {
        Task<ProxyError> asking;
        lock (_lock)
        {
            asking = _asking ??= ConnectAsync();
        }

        try
        {
            return await asking.WaitAsync(cancel);
        }
        catch (OperationCanceledException e)
        {
            return ConnectionPool.ErrorOf(e);
        }
    }

    /// <summary>What was known holds no more.</summary>
    public void Forget() => _chosen = null;

    private async Task<ProxyError> ConnectAsync()
    {
        // The lock of the caller is not to be held over a connect that completes at once.
        await Task.Yield();
        using var timeout = new CancellationTokenSource();
        timeout.CancelAfter(rules.ConnectTimeout > TimeSpan.Zero ? rules.ConnectTimeout : Timeout.InfiniteTimeSpan);
        try
        {
            var metrics = peer.Endpoint.Metrics as EndpointMetrics;
            var began = metrics?.Timestamp ?? 0;
            var connection = await connector.ConnectAsync(peer, default, timeout.Token);
            metrics?.RecordConnect(began);
            Take(connection);
            return default;
        }
        catch (UpstreamException e)
        {
            return e.Error;
        }
        catch (Exception e)
        {
            return ConnectionPool.ErrorOf(e);
        }
        finally
        {
            lock (_lock)
            {
                _asking = null;
            }
        }
    }

    private void Take(ConnectionContext connection)
    {
        Volatile.Write(ref _chosenAt, heartbeat.Now);
        if (connection.Features.Get<ITlsApplicationProtocolFeature>()?.ApplicationProtocol.Span.SequenceEqual("h2"u8) == true)
        {
            http2.Offer(connection);
            _chosen = http2;
        }
        else
        {
            http1.Adopt(connection);
            _chosen = http1;
        }
    }
}
