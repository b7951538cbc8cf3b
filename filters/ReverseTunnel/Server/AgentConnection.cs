using System.Net;
using System.Text;
using FilterProxy.Filters.ReverseTunnel.Access;
using FilterProxy.Filters.ReverseTunnel.Handshake;
using FilterProxy.Filters.ReverseTunnel.Streams;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;

namespace FilterProxy.Filters.ReverseTunnel.Server;

/// <summary>
/// One connection of an agent, turned round: requests go to whoever dialled, as HTTP/2 streams. It has a client of its own, so that which
/// connection a request takes is ours to say, and that one is gone is known at once.
/// </summary>
internal sealed class AgentConnection : IDisposable
{
    // The framework's least.
    private static readonly TimeSpan ShortestPing = TimeSpan.FromSeconds(1);
    private readonly ConnectionContext _connection;
    private readonly TransportStream _stream;
    private readonly HttpMessageInvoker _http;
    private readonly TaskCompletionSource _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool _isLeaving;
    private int _isTaken;
    private int _streams;
    private long _served;

    public AgentConnection(ConnectionContext connection, TunnelAdmission admission)
    {
        (_connection, Admission, RemoteEndPoint) = (connection, admission, connection.RemoteEndPoint);
        _stream = new TransportStream(connection.Transport, OnClosed);
        _http = new HttpMessageInvoker(CreateHandler(admission.Welcome));
    }

    public TunnelAdmission Admission { get; }

    public TunnelWelcome Welcome => Admission.Welcome;

    /// <summary>Completes when the agent, or a ping it did not answer, has ended it.</summary>
    public Task Closed => _closed.Task;

    /// <summary>Whether it takes no more streams: those it has go on.</summary>
    public bool IsLeaving => _isLeaving;

    /// <summary>Streams on it now.</summary>
    public int Streams => Volatile.Read(ref _streams);

    /// <summary>Streams it has had.</summary>
    public long Served => Volatile.Read(ref _served);

    public long BytesReceived => _stream.BytesRead;

    public long BytesSent => _stream.BytesWritten;

    /// <summary>Where the agent is; known to the end, which a socket that is closed does not.</summary>
    public EndPoint? RemoteEndPoint { get; }

    /// <summary>What the kernel measured of the way to the agent and back; null where it does not say.</summary>
    public TimeSpan? RoundTrip => TcpRoundTrip.Of(_connection.Features.Get<IConnectionSocketFeature>()?.Socket);

    /// <summary>Told whenever a stream has ended.</summary>
    public Action? StreamEnded { get; set; }

    /// <summary>Takes a place for one stream; false where all are taken. <see cref="Leave"/> follows.</summary>
    public bool TryEnter()
    {
        if (Interlocked.Increment(ref _streams) <= Welcome.MaxStreams && !_isLeaving)
        {
            Interlocked.Increment(ref _served);
            return true;
        }

        Interlocked.Decrement(ref _streams);
        return false;
    }

    /// <summary>A stream is over.</summary>
    public void Leave()
    {
        Interlocked.Decrement(ref _streams);
        StreamEnded?.Invoke();
    }

    /// <summary>Has no more streams begin.</summary>
    public void BeginLeaving() => _isLeaving = true;

    /// <summary>Sends a request on a stream for which there is a place.</summary>
    /// <exception cref="TunnelGoneException">There is none any more, and nothing of the request was sent.</exception>
    public async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancel)
    {
        try
        {
            return await _http.SendAsync(request, cancel);
        }
        catch (HttpRequestException e) when (e.InnerException is TunnelGoneException gone)
        {
            throw gone;
        }
    }

    /// <summary>Begins HTTP/2, which a client does not before its first request; true when the agent has answered.</summary>
    public async Task<bool> WarmUpAsync(CancellationToken cancel)
    {
        using var request = StreamNames.Request(HttpMethod.Get, StreamNames.Ready, Welcome.SessionId);
        try
        {
            using var response = await _http.SendAsync(request, cancel);
            return true;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    /// <summary>Asks the agent something besides what clients have of it: no stream of theirs has to wait for it.</summary>
    /// <exception cref="HttpRequestException">The tunnel has ended.</exception>
    public Task<HttpResponseMessage> AskAsync(HttpRequestMessage request, CancellationToken cancel) => _http.SendAsync(request, cancel);

    /// <summary>Ends it: what is on it is cut.</summary>
    public void Dispose()
    {
        _isLeaving = true;
        _http.Dispose();
        _stream.Dispose();
    }

    private SocketsHttpHandler CreateHandler(TunnelWelcome welcome) => new()
    {
        ConnectCallback = ConnectAsync,
        UseProxy = false,
        UseCookies = false,
        AllowAutoRedirect = false,
        AutomaticDecompression = DecompressionMethods.None,
        ActivityHeadersPropagator = null,

        // There is one connection, and there are never more streams on it than it has places.
        EnableMultipleHttp2Connections = false,
        PooledConnectionIdleTimeout = Timeout.InfiniteTimeSpan,
        PooledConnectionLifetime = Timeout.InfiniteTimeSpan,
        KeepAlivePingPolicy = HttpKeepAlivePingPolicy.Always,
        KeepAlivePingDelay = AtLeast(welcome.PingInterval),
        KeepAlivePingTimeout = AtLeast(welcome.PingTimeout),

        // A head over the client's limit, or a character it cannot send, would end the tunnel with all its streams.
#pragma warning disable CA2262 // Kilobytes are meant.
        MaxResponseHeadersLength = 512,
#pragma warning restore CA2262
        RequestHeaderEncodingSelector = static (_, _) => Encoding.Latin1,
        ResponseHeaderEncodingSelector = static (_, _) => Encoding.Latin1,
    };

    private ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancel)
    {
        if (Interlocked.Exchange(ref _isTaken, 1) == 0)
        {
            return new ValueTask<Stream>(_stream);
        }

        // The client has seen GOAWAY, or the end, and wants another.
        _isLeaving = true;
        return ValueTask.FromException<Stream>(new TunnelGoneException());
    }

    private void OnClosed()
    {
        _isLeaving = true;
        _closed.TrySetResult();
    }

    private static TimeSpan AtLeast(TimeSpan time) => time > ShortestPing ? time : ShortestPing;
}
