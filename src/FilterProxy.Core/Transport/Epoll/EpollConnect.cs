using System.Net;
using System.Net.Sockets;

namespace FilterProxy.Core.Transport.Epoll;

/// <summary>
/// Connects on an event loop. Not with <see cref="Socket.ConnectAsync(EndPoint)"/>: a socket that has once waited on one of the
/// runtime's threads wakes that thread for the rest of its life.
/// </summary>
internal static class EpollConnect
{
    /// <summary>Opens a connection; continues on the loop.</summary>
    /// <exception cref="SocketException">It cannot be reached.</exception>
    public static async ValueTask<SocketConnection> OpenAsync(EndPoint address, EpollLoop loop, CancellationToken cancel)
    {
        var begun = LinuxSockets.BeginConnect(address, out var handle);
        Socket? socket = null;
        EpollSocket? waiting = null;
        try
        {
            if (begun is not (0 or -LinuxSockets.InProgress))
            {
                throw new SocketException((int)LinuxSockets.ErrorOf(-begun));
            }

            if (Descriptors.AreOut(handle))
            {
                throw new SocketException((int)SocketError.TooManyOpenSockets);
            }

            waiting = new EpollSocket(handle, loop);
            if (begun != 0)
            {
                var done = new Waiter(loop);
                waiting.Writer = done;
                if (!waiting.TryWrite())
                {
                    using (cancel.UnsafeRegister(static done => ((Waiter)done!).GiveUp(), done))
                    {
                        await done.Task;
                    }

                    cancel.ThrowIfCancellationRequested();
                }

                if (LinuxSockets.TakeError(handle) is var error and not 0)
                {
                    throw new SocketException((int)LinuxSockets.ErrorOf(error));
                }
            }

            socket = new Socket(handle);
            if (address is IPEndPoint)
            {
                socket.NoDelay = true;
            }

            return new SocketConnection(socket, waiting);
        }
        catch
        {
            handle.Dispose();
            waiting?.Close();
            throw;
        }
    }

    /// <summary>Completes inline on the loop, where the caller wants to be; a cancellation comes from elsewhere and must not run the caller there.</summary>
    private sealed class Waiter(EpollLoop loop) : TaskCompletionSource, ISocketWaiter
    {
        public void OnReady() => TrySetResult();

        public void GiveUp() => loop.Schedule(static done => ((Waiter)done!).TrySetResult(), this);
    }
}
