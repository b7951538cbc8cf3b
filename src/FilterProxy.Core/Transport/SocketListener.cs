using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;

namespace FilterProxy.Core.Transport;

/// <summary>
/// Accepts on one socket. When descriptors run out it pauses, and new clients wait in the backlog until some come back. Asking again
/// at once would take a whole core from those who could give them back; taking the last one, what the rest of the process needs.
/// </summary>
internal sealed class SocketListener(Socket socket, bool unix, Func<Socket, ConnectionContext> wrap, Action? exhausted) : IConnectionListener
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    /// <summary>Clients that leave before they are accepted come one by one; an error that comes this often in a row will not pass by itself.</summary>
    private const int TooManyInARow = 16;

    private int _failures;
    private bool _scarce;

    public EndPoint EndPoint { get; } = socket.LocalEndPoint!;

    public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
    {
        while (true)
        {
            Socket? accepted = null;
            try
            {
                while (_scarce && (_scarce = Descriptors.AreScarce()))
                {
                    await Task.Delay(Pause, cancellationToken);
                }

                accepted = await socket.AcceptAsync(cancellationToken);
                if (!unix)
                {
                    accepted.NoDelay = true;
                }

                _failures = 0;
                if (Descriptors.AreScarce(accepted))
                {
                    _scarce = true;
                    exhausted?.Invoke();
                }

                return wrap(accepted);
            }
            catch (ObjectDisposedException) when (accepted is null)
            {
                return null;
            }
            catch (SocketException e) when (accepted is null && e.SocketErrorCode == SocketError.OperationAborted)
            {
                return null;
            }
            catch (SocketException e) when (e.SocketErrorCode is SocketError.TooManyOpenSockets or SocketError.NoBufferSpaceAvailable)
            {
                accepted?.Dispose();
                exhausted?.Invoke();
                await Task.Delay(Pause, cancellationToken);
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                // The connection broke before it was accepted: the next one may be well.
                accepted?.Dispose();
                if (++_failures >= TooManyInARow)
                {
                    await Task.Delay(Pause, cancellationToken);
                }
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
}
