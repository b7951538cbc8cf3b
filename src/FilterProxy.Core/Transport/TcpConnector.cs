using System.Net;
using System.Net.Sockets;
using FilterProxy.Core.Telemetry;
using FilterProxy.Core.Transport.Epoll;
using Microsoft.AspNetCore.Connections;

namespace FilterProxy.Core.Transport;

/// <summary>
/// Connects to IP addresses, names and unix sockets; tells the client's address where the cluster wants that; adds TLS where the
/// peer asks for it.
/// </summary>
internal sealed class TcpConnector(NameResolver resolver, TimeSpan handshakeTimeout = default, ProxyProtocolVersion? proxyProtocol = null) : IConnector
{
    /// <summary>Whether it tells upstreams who the client is.</summary>
    public bool TellsClient => proxyProtocol is not null;

    public async ValueTask<ConnectionContext> ConnectAsync(UpstreamPeer peer, ConnectContext context, CancellationToken cancel)
    {
        var limit = Limit.Connect;
        try
        {
            if (peer.Tls is null)
            {
                var connection = await ConnectAnyAsync(peer.Endpoint.Address, context.Loop as EpollLoop, OpenAsync, cancel);
                return proxyProtocol is null ? connection : await IntroduceAsync(connection, context.Downstream, cancel);
            }

            var socket = await ConnectAnyAsync(peer.Endpoint.Address, null, static (address, _, cancel) => ConnectAsync(address, cancel), cancel);
            if (proxyProtocol is { } version)
            {
                await SendAsync(socket, ProxyProtocolHead.Write(version, context.Downstream), cancel);
            }

            limit = Limit.UpstreamHandshake;
            return await OpenTlsAsync(socket, peer, cancel);
        }
        catch (OperationCanceledException e)
        {
            throw new UpstreamException(ProxyError.Upstream(ProxyErrorKind.ConnectTimeout, retryable: true, Limits.DetailOf(limit), e));
        }
        catch (SocketException e)
        {
            throw new UpstreamException(ProxyError.Upstream(ProxyErrorKind.ConnectFailed, retryable: true, Describe(e.SocketErrorCode), e));
        }
        catch (Exception e) when (e is IOException or System.Security.Authentication.AuthenticationException)
        {
            throw new UpstreamException(ProxyError.Upstream(ProxyErrorKind.ConnectFailed, retryable: true, "tls_failed", e));
        }
    }

    private async ValueTask<ConnectionContext> OpenTlsAsync(Socket socket, UpstreamPeer peer, CancellationToken cancel)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        timeout.CancelAfter(handshakeTimeout > TimeSpan.Zero ? handshakeTimeout : Timeout.InfiniteTimeSpan);
        return await TlsConnection.OpenAsync(socket, peer, timeout.Token);
    }

    /// <summary>Sends the header through the connection's own pipe.</summary>
    private async ValueTask<ConnectionContext> IntroduceAsync(SocketConnection connection, DownstreamInfo? downstream, CancellationToken cancel)
    {
        try
        {
            await connection.Output.WriteAsync(ProxyProtocolHead.Write(proxyProtocol!.Value, downstream), cancel);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    /// <summary>Sends what stands before everything else; the socket is closed when it cannot.</summary>
    private static async ValueTask SendAsync(Socket socket, ReadOnlyMemory<byte> head, CancellationToken cancel)
    {
        try
        {
            while (!head.IsEmpty)
            {
                head = head[await socket.SendAsync(head, cancel)..];
            }
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private ValueTask<T> ConnectAnyAsync<T>(
        EndPoint address, EpollLoop? loop, Func<EndPoint, EpollLoop?, CancellationToken, ValueTask<T>> connect, CancellationToken cancel) =>
        address is DnsEndPoint name ? ConnectByNameAsync(name, loop, connect, cancel) : connect(address, loop, cancel);

    private async ValueTask<T> ConnectByNameAsync<T>(
        DnsEndPoint name, EpollLoop? loop, Func<EndPoint, EpollLoop?, CancellationToken, ValueTask<T>> connect, CancellationToken cancel)
    {
        // In the resolver's order, as RFC 6724 sorted it; the next address is tried when one does not answer.
        SocketException? last = null;
        foreach (var ip in await resolver.ResolveAsync(name.Host, cancel))
        {
            try
            {
                return await connect(new IPEndPoint(ip, name.Port), loop, cancel);
            }
            catch (SocketException e)
            {
                last = e;
            }
        }

        throw last ?? new SocketException((int)SocketError.HostNotFound);
    }

    /// <summary>A plain connection to an address, on a loop where it is given one of ours.</summary>
    /// <exception cref="SocketException">It cannot be reached.</exception>
    public static ValueTask<SocketConnection> OpenAsync(EndPoint address, EventLoop? loop, CancellationToken cancel) =>
        OpenAsync(address, loop as EpollLoop, cancel);

    private static ValueTask<SocketConnection> OpenAsync(EndPoint address, EpollLoop? loop, CancellationToken cancel) =>
        loop is null ? OpenAsync(address, cancel) : EpollConnect.OpenAsync(address, loop, cancel);

    private static async ValueTask<SocketConnection> OpenAsync(EndPoint address, CancellationToken cancel) => new(await ConnectAsync(address, cancel));

    private static async ValueTask<Socket> ConnectAsync(EndPoint address, CancellationToken cancel)
    {
        var unix = address is UnixDomainSocketEndPoint;
        var socket = new Socket(address.AddressFamily, SocketType.Stream, unix ? ProtocolType.Unspecified : ProtocolType.Tcp);
        try
        {
            if (Descriptors.AreOut(socket.SafeHandle))
            {
                throw new SocketException((int)SocketError.TooManyOpenSockets);
            }

            if (!unix)
            {
                socket.NoDelay = true;
            }

            await socket.ConnectAsync(address, cancel);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>The reason code of a connect that failed.</summary>
    public static string Describe(SocketError error) => error switch
    {
        SocketError.ConnectionRefused => "connection_refused",
        SocketError.HostNotFound or SocketError.NoData or SocketError.TryAgain => "name_not_resolved",
        SocketError.HostUnreachable or SocketError.NetworkUnreachable => "unreachable",
        SocketError.TimedOut => "connect_timeout",
        SocketError.TooManyOpenSockets => "too_many_open_files",
        SocketError.AddressNotAvailable => "no_free_port",
        _ => "connect_failed",
    };
}
