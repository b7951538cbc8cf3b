using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace FilterProxy.TestKit;

/// <summary>
/// A scripted HTTP/1.1 origin over real sockets: it records every connection and request as raw bytes and answers with
/// whatever the test says, valid or not.
/// </summary>
public sealed class TestUpstream : IAsyncDisposable
{
    private readonly Socket _listener;
    private readonly Func<UpstreamRequest, Task<UpstreamResponse>> _handler;
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentQueue<UpstreamRequest> _requests = new();
    private readonly ConcurrentQueue<UpstreamConnection> _connections = new();
    private readonly ConcurrentQueue<Task> _running = new();
    private readonly ConcurrentQueue<Exception> _failures = new();
    private readonly Task _accepting;

    private TestUpstream(EndPoint address, Func<UpstreamRequest, Task<UpstreamResponse>> handler, bool answersAtHead)
    {
        _handler = handler;
        AnswersAtHead = answersAtHead;
        _listener = new Socket(address.AddressFamily, SocketType.Stream, address is UnixDomainSocketEndPoint ? ProtocolType.Unspecified : ProtocolType.Tcp);
        _listener.Bind(address);
        _listener.Listen(512);
        Address = _listener.LocalEndPoint!;
        _accepting = AcceptAsync();
    }

    /// <summary>Where it listens.</summary>
    public EndPoint Address { get; }

    /// <summary>The port of 127.0.0.1 it listens on; 0 for a unix socket.</summary>
    public int Port => (Address as IPEndPoint)?.Port ?? 0;

    /// <summary>All requests in the order their heads came.</summary>
    public IReadOnlyList<UpstreamRequest> Requests => [.. _requests];

    /// <summary>All connections in the order they were accepted.</summary>
    public IReadOnlyList<UpstreamConnection> Connections => [.. _connections];

    /// <summary>What the handler threw; such requests are answered with a 500 that says so.</summary>
    public IReadOnlyList<Exception> Failures => [.. _failures];

    /// <summary>Whether the handler is called when the head is there, rather than with the whole request.</summary>
    internal bool AnswersAtHead { get; }

    /// <summary>Answers every request with 200 and <c>ok</c>.</summary>
    public static TestUpstream Start() => Start(_ => UpstreamResponse.Ok());

    /// <summary>Answers whole requests by a handler.</summary>
    public static TestUpstream Start(Func<UpstreamRequest, UpstreamResponse> handler) =>
        new(new IPEndPoint(IPAddress.Loopback, 0), request => Task.FromResult(handler(request)), answersAtHead: false);

    /// <inheritdoc cref="Start(Func{UpstreamRequest, UpstreamResponse})"/>
    public static TestUpstream Start(Func<UpstreamRequest, Task<UpstreamResponse>> handler) =>
        new(new IPEndPoint(IPAddress.Loopback, 0), handler, answersAtHead: false);

    /// <summary>Answers requests as soon as their head is there. The handler reads the body by <see cref="UpstreamRequest.ReadBodyAsync"/>.</summary>
    public static TestUpstream StartAtHead(Func<UpstreamRequest, Task<UpstreamResponse>> handler) =>
        new(new IPEndPoint(IPAddress.Loopback, 0), handler, answersAtHead: true);

    /// <summary>Listens on an address that matters to the test.</summary>
    public static TestUpstream StartAt(IPEndPoint address, Func<UpstreamRequest, UpstreamResponse> handler) =>
        new(address, request => Task.FromResult(handler(request)), answersAtHead: false);

    /// <summary>Listens on a unix socket.</summary>
    public static TestUpstream StartUnix(string path, Func<UpstreamRequest, UpstreamResponse> handler) =>
        new(new UnixDomainSocketEndPoint(path), request => Task.FromResult(handler(request)), answersAtHead: false);

    /// <summary>Waits until a number of requests have come.</summary>
    public Task WaitForRequestsAsync(int count) => Poll.UntilAsync(() => _requests.Count >= count);

    /// <summary>Stops listening; connections that are open live on. Connecting fails from now on.</summary>
    public void StopListening() => _listener.Dispose();

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Dispose();
        await _accepting;
        await Task.WhenAll(_running);
        _stop.Dispose();
        if (Address is UnixDomainSocketEndPoint unix)
        {
            File.Delete(unix.ToString());
        }
    }

    internal void Add(UpstreamRequest request) => _requests.Enqueue(request);

    internal async Task<UpstreamResponse> AnswerAsync(UpstreamRequest request)
    {
        try
        {
            return await _handler(request);
        }
        catch (Exception e) when (e is not (IOException or OperationCanceledException or ObjectDisposedException))
        {
            _failures.Enqueue(e);
            return UpstreamResponse.Create(500, $"The test's upstream handler failed: {e}").ThenClose();
        }
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var socket = await _listener.AcceptAsync(_stop.Token);
                if (Port > 0)
                {
                    // A head and a body are two writes: the second must not wait for the peer to acknowledge the first.
                    socket.NoDelay = true;
                }

                var connection = new UpstreamConnection(_connections.Count + 1, socket);
                _connections.Enqueue(connection);
                _running.Enqueue(connection.RunAsync(this, _stop.Token));
            }
        }
        catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException or SocketException)
        {
            // The listener was stopped.
        }
    }
}
