using System.Net;
using System.Net.Sockets;

namespace FilterProxy.Host.Systemd;

/// <summary>
/// Shows that every socket event loop of the process still answers. Each loop has a UDP socket of its own that is connected to itself:
/// a datagram sent to it arrives only when that loop gets to it. A filter that blocks a loop is found out by this, a busy process is not.
/// </summary>
internal sealed class LoopProbe : IDisposable
{
    private readonly List<Lane> _lanes = [];

    /// <param name="loops">
    /// How many loops there are. The runtime hands sockets to its loops in turn, so this many opened in a row, before there is traffic,
    /// meet all of them.
    /// </param>
    public LoopProbe(int loops)
    {
        for (var i = 0; i < loops; i++)
        {
            _lanes.Add(new Lane());
        }
    }

    /// <summary>Whether all loops answer within a time. One call at a time.</summary>
    public async Task<bool> AnswersAsync(TimeSpan limit)
    {
        try
        {
            await Task.WhenAll(_lanes.Select(lane => lane.AskAsync())).WaitAsync(limit);

            // Away from the loop that answered last: it must not wait for what the caller does.
            await Task.Yield();
            return true;
        }
        catch (Exception e) when (e is TimeoutException or SocketException)
        {
            return false;
        }
    }

    public void Dispose()
    {
        foreach (var lane in _lanes)
        {
            lane.Dispose();
        }
    }

    private sealed class Lane : IDisposable
    {
        private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        private readonly byte[] _received = new byte[1];
        private Task<int> _receiving;
        private Task _asking = Task.CompletedTask;

        public Lane()
        {
            _socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            _socket.Connect(_socket.LocalEndPoint!);
            _receiving = Receive();
        }

        /// <summary>Completes with the answer. A question that waits for one is not asked again.</summary>
        public Task AskAsync() => _asking.IsCompleted ? _asking = RunAsync() : _asking;

        public void Dispose() => _socket.Dispose();

        // The receive waits from one question to the next: started when the datagram is there already, it would not need the loop.
        private async Task RunAsync()
        {
            _socket.Send([1]);
            await _receiving;
            _receiving = Receive();
        }

        private Task<int> Receive() => _socket.ReceiveAsync(_received);
    }
}
