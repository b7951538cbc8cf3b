using System.Net.Sockets;

namespace FilterProxy.Filters.Tests.TcpRelay;

/// <summary>A TCP service that does with each connection what its first byte asks for.</summary>
internal sealed class ManneredUpstream : IDisposable
{
    private readonly StreamUpstream _upstream = new();
    private readonly CancellationTokenSource _stop = new();

    public ManneredUpstream() => _ = ServeAsync();

    public int Port => _upstream.Port;

    public void Dispose()
    {
        _stop.Cancel();
        _upstream.Dispose();
        _stop.Dispose();
    }

    private async Task ServeAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                _ = AnswerAsync(await _upstream.AcceptAsync());
            }
            catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
            {
                // Nobody has come for a while, or it is over.
            }
        }
    }

    private static async Task AnswerAsync(Socket socket)
    {
        var buffer = new byte[256 * 1024];
        try
        {
            using (socket)
            {
                switch (await socket.ReceiveAsync(buffer) > 0 ? (char)buffer[0] : ' ')
                {
                    case 'e':
                        await socket.SendAsync("bye"u8.ToArray());
                        break;

                    case 'r':
                        socket.Reset();
                        break;

                    case 'b':
                        for (var i = 0; i < 12; i++)
                        {
                            await socket.SendAsync(buffer);
                        }

                        break;

                    default:
                        while (await socket.ReceiveAsync(buffer) > 0)
                        {
                        }

                        break;
                }
            }
        }
        catch (SocketException)
        {
            // Broken by the other side, as some are meant to be.
        }
    }
}
