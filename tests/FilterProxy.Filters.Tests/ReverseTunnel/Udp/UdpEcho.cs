using System.Net.Sockets;
using FilterProxy.Filters.Tests.UdpRelay;

namespace FilterProxy.Filters.Tests.ReverseTunnel.Udp;

/// <summary>A service that sends datagrams back; with a mark of its own at their end, where it has one.</summary>
internal sealed class UdpEcho : IAsyncDisposable
{
    private readonly UdpPeer _peer;
    private readonly byte[] _mark;
    private readonly Task _serving;
    private int _asked;

    public UdpEcho(string mark = "", int port = 0)
    {
        (_peer, _mark) = (new UdpPeer(port), System.Text.Encoding.ASCII.GetBytes(mark));
        _serving = ServeAsync();
    }

    public int Port => _peer.Port;

    /// <summary>Datagrams that have come.</summary>
    public int Asked => Volatile.Read(ref _asked);

    public async ValueTask DisposeAsync()
    {
        _peer.Dispose();
        await _serving;
    }

    private async Task ServeAsync()
    {
        try
        {
            while (true)
            {
                var (bytes, from) = await _peer.ReceiveAsync(Timeout.InfiniteTimeSpan);
                Interlocked.Increment(ref _asked);
                await _peer.SendAsync(from.Port, [.. bytes, .. _mark]);
            }
        }
        catch (Exception e) when (e is ObjectDisposedException or SocketException or OperationCanceledException)
        {
            // The test is over.
        }
    }
}
