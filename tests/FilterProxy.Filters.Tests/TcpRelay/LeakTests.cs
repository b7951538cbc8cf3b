using System.Diagnostics.Tracing;
using System.Net.Sockets;
using FilterProxy.Filters.Egress;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.Filters.Tests.TcpRelay;

/// <summary>What is left of thousands of connections that ended in every way there is: nothing.</summary>
[Collection(nameof(Alone))]
public sealed class LeakTests
{
    private const int Rounds = 150, AtOnce = 16;

    // Kernel pipes that event loops keep for the next transfer, and sockets of other ends that are being closed.
    private const int Slack = 100;

    private static readonly (string Listener, Func<Socket, Task> Talk)[] Ways =
    [
        ("relay", ClientEndsAsync),
        ("relay", socket => AskAsync(socket, "e")),
        ("relay", socket => AskAsync(socket, "r")),
        ("relay", socket => AskAsync(socket, "b")),
        ("relay", BreakOffAsync),
        ("relay", ResetAsync),
        ("dead", socket => AskAsync(socket, "q")),
        ("idle", socket => AskAsync(socket, "q")),
        ("brief", socket => AskAsync(socket, "q")),
        ("slow", socket => AskAsync(socket, "e")),
        ("tls", socket => AskAsync(socket, "no TLS at all")),
        ("full", socket => AskAsync(socket, "e")),
        ("socks", socket => AskAsync(socket, "no SOCKS")),
        ("connect", socket => AskAsync(socket, "CONNECT 10.0.0.1:1 HTTP/1.1\r\n\r\n")),
    ];

    [Fact]
    public async Task Nothing_is_left_of_thousands_of_connections_that_ended_in_every_way()
    {
        using var upstream = new ManneredUpstream();
        using var buffers = new BufferLedger();
        await using var proxy = await TestProxy.StartAsync(
            $$"""
            listeners:
              relay: { address: "127.0.0.1:0", protocols: [], filters: [ { tcp_relay: { cluster: origin } } ] }
              dead: { address: "127.0.0.1:0", protocols: [], filters: [ { tcp_relay: { cluster: dead } } ] }
              idle: { address: "127.0.0.1:0", protocols: [], filters: [ { tcp_relay: { cluster: origin, idle_timeout: 20ms } } ] }
              brief: { address: "127.0.0.1:0", protocols: [], filters: [ { tcp_relay: { cluster: origin, max_duration: 20ms } } ] }
              slow: { address: "127.0.0.1:0", protocols: [], filters: [ { tcp_relay: { cluster: origin, shared_rate: { download: 1MB } } } ] }
              tls: { address: "127.0.0.1:0", protocols: [], filters: [ { tls_inspector: { not_tls: close } }, { tcp_relay: { cluster: origin } } ] }
              full: { address: "127.0.0.1:0", protocols: [], filters: [ { connection_limit: { max: 1 } }, { tcp_relay: { cluster: origin } } ] }
              socks: { address: "127.0.0.1:0", protocols: [], filters: [ { socks5: { allow: [ { hosts: ["*"], ports: [1] } ] } } ] }
              connect: { address: "127.0.0.1:0", protocols: [], filters: [ { http_connect: { allow: [ { hosts: ["*"], ports: [1] } ] } } ] }
            clusters:
              origin: { endpoints: ["127.0.0.1:{{upstream.Port}}"] }
              dead: { endpoints: ["127.0.0.1:{{UpstreamTests.DeadPort()}}"] }
            """,
            components: [.. RelayProxy.Components, typeof(Socks5Filter), typeof(HttpConnectFilter)]);

        await RunAsync(proxy, 2 * AtOnce);
        await SettleAsync(proxy);
        var descriptors = Descriptors();
        await RunAsync(proxy, Rounds);
        await SettleAsync(proxy);

        await Poll.UntilAsync(() => Descriptors() <= descriptors + Slack, what: $"{Descriptors()} descriptors are open, {descriptors} were");
        await Poll.UntilAsync(() => buffers.Outstanding <= Slack, what: $"{buffers.Outstanding} buffers were not given back");
    }

    private static Task RunAsync(TestProxy proxy, int rounds) => Parallel.ForEachAsync(
        Enumerable.Range(0, rounds * Ways.Length),
        new ParallelOptions { MaxDegreeOfParallelism = AtOnce },
        async (number, cancel) =>
        {
            var (listener, talk) = Ways[number % Ways.Length];
            try
            {
                using var socket = await StreamUpstream.ConnectAsync(proxy.PortOf(listener));
                await talk(socket).WaitAsync(TimeSpan.FromSeconds(30), cancel);
            }
            catch (SocketException)
            {
                // Reset, as many are meant to be.
            }
        });

    private static async Task SettleAsync(TestProxy proxy)
    {
        await Poll.UntilAsync(() => proxy.Engine.Services.ConnectionCounts is { Total: 0, Clients: 0 });
        foreach (var cluster in proxy.Engine.Snapshot!.Clusters.Values)
        {
            await Poll.UntilAsync(() => cluster.Guard.Requests is { Active: 0, Pending: 0 });
            Assert.All(cluster.Endpoints.Span.ToArray(), endpoint => Assert.Equal(0, endpoint.InFlight));
            Assert.Equal(0, proxy.Counts[$"filterproxy.tcp_relay.active cluster={cluster.Name}"]);
        }
    }

    private static int Descriptors() => Directory.GetFileSystemEntries("/proc/self/fd").Length;

    private static async Task ClientEndsAsync(Socket socket)
    {
        await socket.SayAsync("q");
        socket.Shutdown(SocketShutdown.Send);
        await DrainAsync(socket, int.MaxValue);
    }

    private static async Task AskAsync(Socket socket, string what)
    {
        await socket.SayAsync(what);
        await DrainAsync(socket, int.MaxValue);
    }

    // In the middle of a transfer that the kernel moves.
    private static async Task BreakOffAsync(Socket socket)
    {
        await socket.SayAsync("b");
        await DrainAsync(socket, 1_000_000);
        socket.Reset();
    }

    private static async Task ResetAsync(Socket socket)
    {
        await socket.SayAsync("q");
        socket.Reset();
    }

    private static async Task DrainAsync(Socket socket, int most)
    {
        var buffer = new byte[64 * 1024];
        for (var got = 0; got < most && await socket.ReceiveAsync(buffer) is var read and > 0; got += read)
        {
        }
    }

    /// <summary>Counts what is taken from the shared pool of arrays and given back.</summary>
    private sealed class BufferLedger : EventListener
    {
        private const int Rented = 1, Returned = 3;
        private int _outstanding;

        public int Outstanding => Volatile.Read(ref _outstanding);

        protected override void OnEventSourceCreated(EventSource eventSource)
        {
            if (eventSource.Name == "System.Buffers.ArrayPoolEventSource")
            {
                EnableEvents(eventSource, EventLevel.Verbose);
            }
        }

        protected override void OnEventWritten(EventWrittenEventArgs eventData)
        {
            if (eventData.EventId is Rented or Returned)
            {
                Interlocked.Add(ref _outstanding, eventData.EventId == Rented ? 1 : -1);
            }
        }
    }
}
