using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using FilterProxy.Filters.Datagrams;
using Microsoft.AspNetCore.Connections;

namespace FilterProxy.Filters.ReverseTunnel.Udp;

/// <summary>A client's datagrams at the agent: from a stream to an endpoint of a cluster, and the answers back.</summary>
internal sealed class AgentDatagrams : IDatagramUser, IAsyncDisposable
{
    // Bytes of answers that may wait for the stream.
    private const int Room = 128 * 1024;

    // So long answers are still waited for when the agent stops.
    private static readonly TimeSpan Parting = TimeSpan.FromSeconds(1);

    private readonly EndpointChoice _endpoints;
    private readonly Endpoint _endpoint;
    private readonly TunnelUdpMetrics _metrics;
    private readonly DatagramQueue _queue = new(Room);
    private readonly UdpUpstream _upstream;
    private readonly CancellationTokenSource _stop = new();
    private volatile bool _isKnownGood;

    private AgentDatagrams(EndpointChoice endpoints, Endpoint endpoint, IPEndPoint target, TunnelUdpMetrics metrics)
    {
        (_endpoints, _endpoint, _metrics) = (endpoints, endpoint, metrics);
        _upstream = new UdpUpstream(target, null, this);
    }

    /// <summary>Finds an endpoint for a client.</summary>
    /// <exception cref="UpstreamException">There is none that can be reached.</exception>
    public static async ValueTask<AgentDatagrams> ConnectAsync(EndpointChoice endpoints, IPAddress? client, TunnelUdpMetrics metrics, CancellationToken cancel)
    {
        if (endpoints.Choose(client) is not { } endpoint)
        {
            throw new UpstreamException(ProxyError.Upstream(ProxyErrorKind.NoEndpoint, detail: "no_endpoint"));
        }

        try
        {
            return new AgentDatagrams(endpoints, endpoint, await AddressOfAsync(endpoint, cancel), metrics);
        }
        catch (SocketException e)
        {
            endpoints.Avoid(endpoint);
            throw new UpstreamException(ProxyError.Upstream(ProxyErrorKind.ConnectFailed, retryable: true, "connect_failed", e));
        }
    }

    /// <summary>Relays until the stream ends, nobody is at the endpoint, or a while after the agent stops.</summary>
    /// <param name="stream">The client's.</param>
    /// <param name="stopping">The agent takes no more.</param>
    /// <param name="aborted">The stream is broken.</param>
    public async Task RelayAsync(IDuplexPipe stream, CancellationToken stopping, CancellationToken aborted)
    {
        using var both = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token, aborted);
        await using var parting = stopping.UnsafeRegister(static stop => ((CancellationTokenSource)stop!).CancelAfter(Parting), _stop);
        using var reader = new DatagramReader(stream.Input, Pass);
        _queue.Attach(stream.Output);
        _ = _upstream.RunAsync();
        _metrics.Began();
        try
        {
            await reader.RunAsync(both.Token);
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or InvalidDataException or InvalidOperationException or ConnectionAbortedException or ObjectDisposedException)
        {
            // The client's session is over, or what comes is none; the server counts why.
        }
        finally
        {
            _metrics.Ended("closed");
        }
    }

    public void OnReceived(DatagramBatch batch)
    {
        var taken = 0;
        for (var i = 0; i < batch.Count; i++)
        {
            taken += _queue.TryAdd(batch[i]) ? 1 : 0;
        }

        _queue.Send();
        _metrics.Passed(taken, "to_client");
        _metrics.Dropped("queue_full", batch.Count - taken);
        if (!_isKnownGood)
        {
            _isKnownGood = true;
            _endpoint.Observe(new Outcome(200, ProxyErrorKind.None, TimeSpan.Zero));
        }
    }

    public void OnError(SocketError error)
    {
        switch (error)
        {
            // RFC 1122 §4.1.3.3: the client's next datagram begins a session elsewhere.
            case SocketError.ConnectionRefused or SocketError.HostUnreachable or SocketError.NetworkUnreachable or SocketError.ConnectionReset:
                _endpoints.Avoid(_endpoint);
                _metrics.Dropped("unreachable");
                _ = _stop.CancelAsync();
                break;

            case SocketError.MessageSize:
                _metrics.Dropped("too_large");
                break;

            case SocketError.WouldBlock or SocketError.NoBufferSpaceAvailable:
                _metrics.Dropped("send_failed");
                break;

            case SocketError.Shutdown:
                _metrics.Dropped("session_over");
                break;

            case SocketError.OperationAborted or SocketError.Interrupted or SocketError.NotSocket:
                break;

            default:
                _ = _stop.CancelAsync();
                break;
        }
    }

    public async ValueTask DisposeAsync()
    {
        _upstream.Dispose();
        await _queue.DisposeAsync();
    }

    private static async ValueTask<IPEndPoint> AddressOfAsync(Endpoint endpoint, CancellationToken cancel) => endpoint.Address switch
    {
        IPEndPoint address => address,
        DnsEndPoint name => await Dns.GetHostAddressesAsync(name.Host, cancel) is [var first, ..] ? new IPEndPoint(first, name.Port) : throw new SocketException((int)SocketError.HostNotFound),
        _ => throw new UpstreamException(ProxyError.Upstream(ProxyErrorKind.ConnectFailed, detail: "no_udp_address")),
    };

    private void Pass(DatagramBatch batch) => _metrics.Passed(_upstream.Send(batch, 0, batch.Count), "to_upstream");
}
