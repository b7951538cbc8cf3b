using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace FilterProxy.Filters.Tests.ReverseTunnel.Punch;

/// <summary>A way for datagrams between two sockets, each of which takes it for the other; hears all, and may lose some.</summary>
internal sealed class UdpMiddle : IAsyncDisposable
{
    private readonly Socket _toOne = Open(), _toOther = Open();
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _passing;

    /// <param name="one">Where the one is; null to take it from its first datagram.</param>
    /// <param name="other">Where the other is.</param>
    public UdpMiddle(IPEndPoint one, IPEndPoint other) => _passing = Task.WhenAll(PassAsync(_toOne, _toOther, other, isFromOne: true), PassAsync(_toOther, _toOne, one, isFromOne: false));

    /// <summary>What the one takes for the other.</summary>
    public IPEndPoint Other => (IPEndPoint)_toOne.LocalEndPoint!;

    /// <summary>What the other takes for the one.</summary>
    public IPEndPoint One => (IPEndPoint)_toOther.LocalEndPoint!;

    /// <summary>Whether a datagram is lost: whose it is, and which of theirs.</summary>
    public Func<bool, int, bool> Loses { get; set; } = (_, _) => false;

    /// <summary>What was sent, lost or not.</summary>
    public ConcurrentQueue<(bool IsFromOne, byte[] Bytes)> Heard { get; } = new();

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _passing;
        _toOne.Dispose();
        _toOther.Dispose();
        _stop.Dispose();
    }

    private static Socket Open()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return socket;
    }

    private async Task PassAsync(Socket from, Socket to, IPEndPoint target, bool isFromOne)
    {
        var buffer = new byte[65_535];
        for (var i = 0; !_stop.IsCancellationRequested; i++)
        {
            try
            {
                var read = await from.ReceiveFromAsync(buffer, SocketFlags.None, new IPEndPoint(IPAddress.Any, 0), _stop.Token);
                Heard.Enqueue((isFromOne, buffer[..read.ReceivedBytes]));
                if (!Loses(isFromOne, i))
                {
                    await to.SendToAsync(buffer.AsMemory(0, read.ReceivedBytes), target, _stop.Token);
                }
            }
            catch (Exception e) when (e is OperationCanceledException or SocketException)
            {
                // The test is over, or nobody is there yet.
            }
        }
    }
}
