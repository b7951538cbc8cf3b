using System.Net;
using System.Net.Sockets;

namespace FilterProxy.ScenarioTests.Floods;

/// <summary>
/// Many hostile clients at once, from as many source addresses in 127.66/16: each does its worst on a connection, and begins again as soon as that was
/// taken from it. They are paced, because they share the machine's processors with those they attack.
/// </summary>
/// <param name="port">Of the proxy.</param>
/// <param name="attack">What one does with a connection, until it is closed on it or the token says so.</param>
/// <param name="clients">How many.</param>
internal sealed class Flood(int port, Func<Socket, CancellationToken, Task> attack, int clients) : IAsyncDisposable
{
    // Small, so that who does not read is noticed.
    private const int ReceiveBuffer = 16 * 1024;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    private readonly CancellationTokenSource _stop = new();
    private Task _clients = Task.CompletedTask;
    private long _connections;
    private long _lost;

    /// <summary>Connections that were made.</summary>
    public long Connections => Interlocked.Read(ref _connections);

    /// <summary>Connections that were refused, reset or closed on an attacker.</summary>
    public long Lost => Interlocked.Read(ref _lost);

    public void Start() => _clients = Task.WhenAll(Enumerable.Range(0, clients).Select(client => Task.Run(() => AttackAsync(client))));

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _clients;
        _stop.Dispose();
    }

    private async Task AttackAsync(int client)
    {
        var source = new IPAddress([127, 66, (byte)(client / 250), (byte)(1 + (client % 250))]);
        while (!_stop.IsCancellationRequested)
        {
            // Ends with a reset, so that no port is kept for its sake.
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp)
            {
                NoDelay = true,
                LingerState = new LingerOption(true, 0),
                ReceiveBufferSize = ReceiveBuffer,
            };
            try
            {
                socket.Bind(new IPEndPoint(source, 0));
                await socket.ConnectAsync(IPAddress.Loopback, port, _stop.Token);
                Interlocked.Increment(ref _connections);
                await attack(socket, _stop.Token);
            }
            catch (SocketException)
            {
                Interlocked.Increment(ref _lost);
            }
            catch (OperationCanceledException)
            {
                return;
            }

            await Task.Delay(Pause, CancellationToken.None);
        }
    }
}
