using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Logging;

namespace FilterProxy.Core.Transport;

/// <summary>
/// Accepts connections whose pipes have no pump (<see cref="SocketConnection"/>): a read is the receive, a flush the send. Stands
/// under Kestrel in place of its socket transport and keeps everything Kestrel adds: TLS, HTTP/2 hand-off, shutdown. Where a
/// listener asks for it, the accepted sockets get Kestrel's pumps all the same.
/// </summary>
/// <param name="isDirect">Asked for each connection: a reload may change it while the socket stays.</param>
/// <param name="inlineCompletions">Whether Kestrel's pumps run on the event loop too.</param>
/// <param name="loggers">For Kestrel's pumps.</param>
internal sealed class DirectTransport(Func<bool> isDirect, bool inlineCompletions, ILoggerFactory loggers)
    : IConnectionListenerFactory, IConnectionListenerFactorySelector
{
    private const int Backlog = 1024;

    /// <summary>How much of what a client sent waits in memory, and of what it has not read yet.</summary>
    private const int PumpBuffer = 128 * 1024;

    private readonly SocketConnectionContextFactory _pumped = new(
        new SocketConnectionFactoryOptions
        {
            UnsafePreferInlineScheduling = inlineCompletions,
            MaxReadBufferSize = PumpBuffer,
            MaxWriteBufferSize = PumpBuffer,
        },
        loggers.CreateLogger<SocketConnectionContextFactory>());

    public bool CanBind(EndPoint endpoint) => endpoint is IPEndPoint or UnixDomainSocketEndPoint;

    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        var unix = endpoint is UnixDomainSocketEndPoint;
        var socket = new Socket(endpoint.AddressFamily, SocketType.Stream, unix ? ProtocolType.Unspecified : ProtocolType.Tcp);
        try
        {
            if (endpoint is IPEndPoint { Address: var address } && address.Equals(IPAddress.IPv6Any))
            {
                socket.DualMode = true;
            }

            socket.Bind(endpoint);
            socket.Listen(Backlog);
            return new ValueTask<IConnectionListener>(new DirectListener(this, socket, unix));
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.AddressAlreadyInUse)
        {
            socket.Dispose();
            throw new AddressInUseException(e.Message, e);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private ConnectionContext Wrap(Socket accepted) => isDirect() ? new SocketConnection(accepted) : _pumped.Create(accepted);

    private sealed class DirectListener(DirectTransport transport, Socket socket, bool unix) : IConnectionListener
    {
        public EndPoint EndPoint { get; } = socket.LocalEndPoint!;

        public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
        {
            while (true)
            {
                try
                {
                    var accepted = await socket.AcceptAsync(cancellationToken);
                    if (!unix)
                    {
                        accepted.NoDelay = true;
                    }

                    return transport.Wrap(accepted);
                }
                catch (ObjectDisposedException)
                {
                    return null;
                }
                catch (SocketException e) when (e.SocketErrorCode == SocketError.OperationAborted)
                {
                    return null;
                }
                catch (SocketException e) when (e.SocketErrorCode == SocketError.TooManyOpenSockets)
                {
                    // Out of descriptors: those in use will come back; until then new clients wait in the backlog.
                    await Task.Delay(AcceptPause, cancellationToken);
                }
                catch (SocketException)
                {
                    // The connection broke before it was accepted: the next one may be well.
                }
            }
        }

        public ValueTask UnbindAsync(CancellationToken cancellationToken = default)
        {
            socket.Dispose();
            return default;
        }

        public ValueTask DisposeAsync()
        {
            socket.Dispose();
            return default;
        }

        private static readonly TimeSpan AcceptPause = TimeSpan.FromMilliseconds(100);
    }
}
