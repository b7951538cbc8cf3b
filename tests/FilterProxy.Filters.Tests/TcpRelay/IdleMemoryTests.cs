using System.Net;
using System.Net.Sockets;
using FilterProxy.TestKit;
using Xunit;
using Xunit.Abstractions;

namespace FilterProxy.Filters.Tests.TcpRelay;

/// <summary>What relays keep of which nobody says anything, and what opening one leaves to the collector.</summary>
[Collection(nameof(Alone))]
public sealed class IdleMemoryTests(ITestOutputHelper output)
{
    private const int Connections = 400;

    // Bytes of the managed heap, with those of the client's and the upstream's sockets, which are this process's as well and have waited in it: nearly
    // half. They were 9,700 and 11,700 when this was written.
    private const double MostKept = 11_500;
    private const double MostAllocated = 14_000;

    [Fact]
    public async Task An_idle_relay_keeps_little_and_opening_one_leaves_little_behind()
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { ReceiveTimeout = 20_000 };
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen(16);
        await using var proxy = await RelayProxy.StartAsync(((IPEndPoint)listener.LocalEndPoint!).Port);
        var ends = new Socket[2 * Connections];
        try
        {
            Open(100);
            Array.ForEach(ends, end => end?.Dispose());
            await Poll.UntilAsync(() => proxy.Counts["filterproxy.tcp_relay.active cluster=origin"] == 0);
            Array.Clear(ends);
            var before = GC.GetTotalMemory(forceFullCollection: true);
            var allocated = GC.GetTotalAllocatedBytes(precise: true);

            Open(Connections);

            var each = (double)(GC.GetTotalAllocatedBytes(precise: true) - allocated) / Connections;
            var kept = (double)(GC.GetTotalMemory(forceFullCollection: true) - before) / Connections;
            output.WriteLine($"{kept:0} bytes are kept for a relay, of {each:0} that opening it takes");
            Assert.InRange(kept, 1_000, MostKept);
            Assert.InRange(each, kept, MostAllocated);
        }
        finally
        {
            Array.ForEach(ends, end => end?.Dispose());
        }

        // Each is used once in both directions, so that what that needs has been given back.
        void Open(int count)
        {
            Span<byte> one = stackalloc byte[1];
            for (var i = 0; i < count; i++)
            {
                var client = ends[2 * i] = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { ReceiveTimeout = 20_000 };
                client.Connect(IPAddress.Loopback, proxy.Port);
                Assert.True(listener.Poll(TimeSpan.FromSeconds(20), SelectMode.SelectRead));
                var upstream = ends[(2 * i) + 1] = listener.Accept();
                upstream.ReceiveTimeout = 20_000;
                Pass(client, upstream, one);
                Pass(upstream, client, one);
            }
        }

        static void Pass(Socket from, Socket to, Span<byte> one)
        {
            from.Send([1]);
            if (to.Receive(one) != 1)
            {
                throw new IOException("The proxy closed the connection.");
            }
        }
    }
}
