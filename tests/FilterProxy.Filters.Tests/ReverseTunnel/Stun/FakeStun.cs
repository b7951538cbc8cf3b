using System.Net;
using System.Net.Sockets;
using FilterProxy.Filters.ReverseTunnel.Stun;

namespace FilterProxy.Filters.Tests.ReverseTunnel.Stun;

/// <summary>A STUN server on loopback in the test's hand: it may be silent, lose requests, or lie.</summary>
internal sealed class FakeStun : IAsyncDisposable
{
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _serving;
    private int _asked;

    public FakeStun()
    {
        _socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _serving = ServeAsync();
    }

    public IPEndPoint Address => (IPEndPoint)_socket.LocalEndPoint!;

    /// <summary>What it says; null for the truth.</summary>
    public IPEndPoint? Lie { get; set; }

    /// <summary>Requests it does not answer, from the first on.</summary>
    public int Loses { get; set; }

    /// <summary>Sent in front of each answer.</summary>
    public IReadOnlyList<byte[]> Noise { get; init; } = [];

    public int Asked => Volatile.Read(ref _asked);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _serving;
        _socket.Dispose();
        _stop.Dispose();
    }

    private async Task ServeAsync()
    {
        var (buffer, answer) = (new byte[1500], new byte[StunMessage.LongestAnswer]);
        try
        {
            while (true)
            {
                var from = await _socket.ReceiveFromAsync(buffer, SocketFlags.None, new IPEndPoint(IPAddress.Any, 0), _stop.Token);
                if (Interlocked.Increment(ref _asked) <= Loses)
                {
                    continue;
                }

                foreach (var noise in Noise)
                {
                    await _socket.SendToAsync(noise, from.RemoteEndPoint);
                }

                var length = StunMessage.WriteAnswer(buffer.AsSpan(8, StunMessage.TransactionLength), Lie ?? (IPEndPoint)from.RemoteEndPoint, answer);
                await _socket.SendToAsync(answer.AsMemory(0, length), from.RemoteEndPoint);
            }
        }
        catch (OperationCanceledException)
        {
            // The test is over.
        }
    }
}
