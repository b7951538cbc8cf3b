using System.Collections.Concurrent;
using System.Net;
using System.Text;
using FilterProxy.Core.Telemetry;
using FilterProxy.Core.Telemetry.Metrics;
using FilterProxy.Core.Transport;
using Microsoft.AspNetCore.Connections;

namespace FilterProxy.Core.Clusters.Http2;

/// <summary>
/// The way to a peer that takes whole requests: over HTTP/2 by the framework's client, whose connections are opened by our connectors,
/// or over whatever an <see cref="IHttpConnector"/> has.
/// </summary>
internal sealed class HttpPool
{
    // Every request names its authority itself; this one only joins all of them to one set of connections.
    private const string Root = "http://peer";

    private readonly UpstreamPeer _peer;
    private readonly IConnector _connector;
    private readonly PoolRules _rules;
    private readonly ConcurrentQueue<ConnectionContext> _offered = new();
    private readonly SemaphoreSlim? _places;
    private readonly bool _ownsInvoker;
    private int _connecting;
    private int _open;
    private volatile bool _closed;

    /// <summary>Over HTTP/2 connections of its own.</summary>
    public HttpPool(UpstreamPeer peer, IConnector connector, PoolRules rules, Http2Rules http2)
    {
        _peer = peer;
        _connector = connector;
        _rules = rules;
        _ownsInvoker = true;

        // The client itself bounds connections of HTTP/1 only.
        _places = rules.Max > 0 ? new SemaphoreSlim(rules.Max) : null;
        Invoker = new HttpMessageInvoker(CreateHandler(http2));
    }

    /// <summary>Over what a connector offers.</summary>
    public HttpPool(UpstreamPeer peer, IHttpConnector connector, PoolRules rules)
    {
        _peer = peer;
        _connector = connector;
        _rules = rules;
        Invoker = connector.GetHttp(peer);
    }

    /// <summary>Takes requests.</summary>
    public HttpMessageInvoker Invoker { get; }

    /// <summary>Whether requests are told when they have a stream (<see cref="UpstreamMessage"/>).</summary>
    public bool TellsStreams => _ownsInvoker;

    /// <summary>The longest a request may wait for a connection with room; zero for no limit.</summary>
    public TimeSpan ConnectTimeout => _rules.ConnectTimeout;

    /// <summary>Connections being opened now.</summary>
    public int Connecting => Volatile.Read(ref _connecting);

    /// <summary>Connections open now.</summary>
    public int Open => Volatile.Read(ref _open);

    /// <summary>Called with the error of a connection that could not be opened.</summary>
    public Action<ProxyError>? ConnectFailed { get; set; }

    /// <summary>The address of a request's target.</summary>
    public static Uri UriOf(string pathAndQuery) =>
        new(Root + pathAndQuery, new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });

    /// <summary>Gives a connection that speaks HTTP/2 already; the next that is needed is this one.</summary>
    public void Offer(ConnectionContext connection)
    {
        _offered.Enqueue(connection);
        if (_closed)
        {
            CloseOffered();
        }
    }

    /// <summary>Takes no more requests; those under way go on, and the connections end with the last of them.</summary>
    public void Close()
    {
        _closed = true;
        if (_ownsInvoker)
        {
            Invoker.Dispose();
        }

        CloseOffered();
    }

    private void CloseOffered()
    {
        while (_offered.TryDequeue(out var connection))
        {
            new PeerStream(connection, false).Dispose();
        }
    }

    private SocketsHttpHandler CreateHandler(Http2Rules http2)
    {
        var handler = new SocketsHttpHandler
        {
            ConnectCallback = ConnectAsync,
            UseProxy = false,
            UseCookies = false,
            AllowAutoRedirect = false,
            AutomaticDecompression = DecompressionMethods.None,
            ActivityHeadersPropagator = null,
            EnableMultipleHttp2Connections = true,
            PooledConnectionIdleTimeout = OrInfinite(_rules.IdleTimeout),
            PooledConnectionLifetime = OrInfinite(_rules.Lifetime),
            InitialHttp2StreamWindowSize = http2.StreamWindow,
            KeepAlivePingPolicy = HttpKeepAlivePingPolicy.WithActiveRequests,

            // A head over the client's limit would end the connection and every stream on it: ours is checked per response.
#pragma warning disable CA2262 // Kilobytes are meant.
            MaxResponseHeadersLength = 512,
#pragma warning restore CA2262
            RequestHeaderEncodingSelector = static (_, request) =>
            {
                (request as UpstreamMessage)?.OnStream();
                return Encoding.Latin1;
            },
            ResponseHeaderEncodingSelector = static (_, _) => Encoding.Latin1,
        };
        if (http2.PingInterval > TimeSpan.Zero)
        {
            handler.KeepAlivePingDelay = http2.PingInterval;
            handler.KeepAlivePingTimeout = http2.PingTimeout;
        }

        return handler;
    }

    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancel)
    {
        if (_offered.TryDequeue(out var offered))
        {
            // Within the limit or not, it is there.
            _places?.Wait(0, CancellationToken.None);
            return Wrap(offered);
        }

        (context.InitialRequestMessage as UpstreamMessage)?.OnConnecting();
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        timeout.CancelAfter(OrInfinite(_rules.ConnectTimeout));
        try
        {
            return await DialAsync(timeout.Token);
        }
        catch (UpstreamException e)
        {
            ConnectFailed?.Invoke(e.Error);
            throw;
        }
        catch (Exception e)
        {
            var error = ConnectionPool.ErrorOf(e);
            ConnectFailed?.Invoke(error);
            throw new UpstreamException(error);
        }
    }

    private async ValueTask<Stream> DialAsync(CancellationToken cancel)
    {
        // Nobody waits here alone: the connections there are take requests as they become free.
        await TakePlaceAsync(cancel);
        Interlocked.Increment(ref _connecting);
        try
        {
            var metrics = _peer.Endpoint.Metrics as EndpointMetrics;
            var began = metrics?.Timestamp ?? 0;
            var connection = await _connector.ConnectAsync(_peer, default, cancel);
            metrics?.RecordConnect(began);
            return Wrap(connection);
        }
        catch
        {
            _places?.Release();
            throw;
        }
        finally
        {
            Interlocked.Decrement(ref _connecting);
        }
    }

    private async ValueTask TakePlaceAsync(CancellationToken cancel)
    {
        try
        {
            await (_places?.WaitAsync(cancel) ?? Task.CompletedTask);
        }
        catch (OperationCanceledException e)
        {
            throw new UpstreamException(ProxyError.Upstream(ProxyErrorKind.Overloaded, retryable: false, Limits.DetailOf(Limit.PoolMax), e));
        }
    }

    private PeerStream Wrap(ConnectionContext connection)
    {
        Interlocked.Increment(ref _open);
        return new PeerStream(connection, _peer.Tls is not null) { Closed = OnClosed };
    }

    private void OnClosed()
    {
        Interlocked.Decrement(ref _open);
        _places?.Release();
    }

    private static TimeSpan OrInfinite(TimeSpan time) => time > TimeSpan.Zero ? time : Timeout.InfiniteTimeSpan;
}
