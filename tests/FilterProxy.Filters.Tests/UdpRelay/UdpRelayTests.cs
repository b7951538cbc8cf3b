using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using FilterProxy.Filters.UdpRelay;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.Filters.Tests.UdpRelay;

/// <summary>Datagrams to a cluster and back.</summary>
public sealed class UdpRelayTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(1400)]
    [InlineData(60_000)]
    [InlineData(65_507)]
    public async Task A_datagram_goes_to_the_upstream_and_its_answer_back_whatever_its_size(int length)
    {
        using var upstream = new UdpPeer();
        await using var proxy = await StartAsync($"\"127.0.0.1:{upstream.Port}\"", "socket_buffer: 1MiB");
        using var client = new UdpPeer();
        var datagram = new byte[length];
        new Random(length).NextBytes(datagram);

        await client.SendAsync(PortOf(proxy), datagram);
        var (asked, from) = await upstream.ReceiveAsync();
        Assert.Equal(datagram, asked);
        await upstream.SendAsync(from.Port, datagram);

        Assert.Equal(datagram, (await client.ReceiveAsync()).Bytes);
    }

    [Fact]
    public async Task Each_client_has_a_session_and_gets_its_own_answers()
    {
        using var upstream = new UdpPeer();
        await using var proxy = await StartAsync($"\"127.0.0.1:{upstream.Port}\"");
        var clients = Enumerable.Range(0, 20).Select(_ => new UdpPeer()).ToList();
        for (var round = 0; round < 3; round++)
        {
            foreach (var (index, client) in clients.Index())
            {
                await client.SendAsync(PortOf(proxy), Encoding.ASCII.GetBytes($"{index}/{round}"));
            }

            foreach (var _ in clients)
            {
                var (bytes, from) = await upstream.ReceiveAsync();
                await upstream.SendAsync(from.Port, bytes);
            }

            foreach (var (index, client) in clients.Index())
            {
                Assert.Equal($"{index}/{round}", Encoding.ASCII.GetString((await client.ReceiveAsync()).Bytes));
            }
        }

        clients.ForEach(client => client.Dispose());
        Assert.Equal(60, proxy.Counts["filterproxy.udp_relay.datagrams direction=to_client"]);
    }

    [Fact]
    public async Task A_session_that_is_quiet_ends_and_begins_anew()
    {
        using var upstream = new UdpPeer();
        await using var proxy = await StartAsync($"\"127.0.0.1:{upstream.Port}\"", "idle_timeout: 200ms");
        using var client = new UdpPeer();
        await client.SendAsync(PortOf(proxy), [1]);
        var first = (await upstream.ReceiveAsync()).From.Port;

        await Poll.UntilAsync(() => Ended(proxy, "idle_timeout") == 1);
        await client.SendAsync(PortOf(proxy), [2]);
        var (bytes, second) = await upstream.ReceiveAsync();

        Assert.Equal([2], bytes);
        Assert.NotEqual(first, second.Port);
    }

    [Fact]
    public async Task A_session_ends_with_its_answer_where_that_is_all_there_is_to_come()
    {
        using var upstream = new UdpPeer();
        await using var proxy = await StartAsync($"\"127.0.0.1:{upstream.Port}\"", "responses: 1");
        using var client = new UdpPeer();
        await client.SendAsync(PortOf(proxy), [1]);
        await upstream.SendAsync((await upstream.ReceiveAsync()).From.Port, [2]);

        Assert.Equal([2], (await client.ReceiveAsync()).Bytes);
        await Poll.UntilAsync(() => Ended(proxy, "answered") == 1);
    }

    [Theory]
    [InlineData("max_sessions: 2", "max_sessions")]
    [InlineData("max_sessions_per_client: 2", "max_sessions_per_client")]
    public async Task Sessions_over_a_limit_are_not_begun_and_their_datagrams_dropped(string option, string reason)
    {
        using var upstream = new UdpPeer();
        await using var proxy = await StartAsync($"\"127.0.0.1:{upstream.Port}\"", option);
        var clients = Enumerable.Range(0, 5).Select(_ => new UdpPeer()).ToList();
        foreach (var client in clients)
        {
            await client.SendAsync(PortOf(proxy), [1]);
        }

        await Poll.UntilAsync(() => proxy.Counts.GetValueOrDefault($"filterproxy.udp_relay.dropped reason={reason}") == 3);
        clients.ForEach(client => client.Dispose());
    }

    [Fact]
    public async Task A_flood_from_one_address_is_cut_to_its_rate()
    {
        using var upstream = new UdpPeer();
        await using var proxy = await StartAsync($"\"127.0.0.1:{upstream.Port}\"", "client_rate: 10");
        using var client = new UdpPeer();
        var began = Stopwatch.GetTimestamp();

        // What the kernel has no room for is lost before it is seen: sent until enough has been.
        await Poll.UntilAsync(async () =>
        {
            for (var i = 0; i < 50; i++)
            {
                await client.SendAsync(PortOf(proxy), [1]);
            }

            return Count(proxy, "dropped reason=client_rate") >= 300;
        });
        Assert.InRange((double)Count(proxy, "datagrams direction=to_upstream"), 1, 20 + (10 * Stopwatch.GetElapsedTime(began).TotalSeconds));
    }

    [Fact]
    public async Task An_endpoint_nobody_is_at_is_found_out_by_ICMP_and_the_next_datagram_goes_elsewhere()
    {
        using var upstream = new UdpPeer();
        int dead;
        using (var gone = new UdpPeer())
        {
            dead = gone.Port;
        }

        await using var proxy = await StartAsync($"\"127.0.0.1:{dead}\", \"127.0.0.1:{upstream.Port}\"", cluster: "load_balancer: round_robin");
        for (byte i = 0; i < 4; i++)
        {
            using var client = new UdpPeer();
            var own = new[] { i };
            await Poll.UntilAsync(async () =>
            {
                await client.SendAsync(PortOf(proxy), own);
                return upstream.HasMore && (await upstream.ReceiveAsync()).Bytes[0] == own[0];
            });
        }

        Assert.True(Ended(proxy, "unreachable") >= 1);
    }

    [Fact]
    public async Task What_a_cluster_has_nobody_for_goes_to_its_fallback()
    {
        using var other = new UdpPeer();
        await using var proxy = await TestProxy.StartAsync(
            $$"""
            listeners: {}
            udp_listeners: { dns: { address: "127.0.0.1:0", service: { udp_relay: { cluster: one } } } }
            clusters:
              one: { endpoints: [ { address: '127.0.0.1:1', weight: 0 } ], fallback: { cluster: two } }
              two: { endpoints: [ { address: '127.0.0.1:1', weight: 0 } ], fallback: { cluster: other } }
              other: { endpoints: ["127.0.0.1:{{other.Port}}"], fallback: { cluster: one } }
            """,
            components: [typeof(UdpRelayService)]);
        using var client = new UdpPeer();
        await client.SendAsync(PortOf(proxy), [1]);

        Assert.Equal([1], (await other.ReceiveAsync()).Bytes);
    }

    [Fact]
    public async Task After_a_flood_of_many_clients_others_are_served()
    {
        using var upstream = new UdpPeer();
        await using var proxy = await StartAsync($"\"127.0.0.1:{upstream.Port}\"", "max_sessions: 20, idle_timeout: 200ms");
        var clients = Enumerable.Range(0, 60).Select(_ => new UdpPeer()).ToList();
        for (var i = 0; i < 20_000; i++)
        {
            await clients[i % clients.Count].SendAsync(PortOf(proxy), [0]);
        }

        clients.ForEach(client => client.Dispose());
        await Poll.UntilAsync(() => Count(proxy, "dropped reason=max_sessions") > 0 && Count(proxy, "active") == 0);
        using var later = new UdpPeer();
        await Poll.UntilAsync(async () =>
        {
            await later.SendAsync(PortOf(proxy), [7]);
            while (upstream.HasMore)
            {
                if ((await upstream.ReceiveAsync()).Bytes[0] == 7)
                {
                    return true;
                }
            }

            return false;
        });
    }

    [Theory]
    [InlineData(1)]
    [InlineData(16)]
    [InlineData(200)]
    public async Task Datagrams_that_wait_together_go_on_in_their_order_and_so_do_their_answers(int length)
    {
        const int Datagrams = 100;
        using var upstream = new UdpPeer();
        await using var proxy = await StartAsync($"\"127.0.0.1:{upstream.Port}\"", "socket_buffer: 1MiB");
        using var client = new UdpPeer();
        var sent = Enumerable.Range(0, Datagrams).Select(i => Enumerable.Repeat((byte)i, length + (i % 3)).ToArray()).ToList();
        foreach (var datagram in sent)
        {
            await client.SendAsync(PortOf(proxy), datagram);
        }

        var asked = new List<(byte[] Bytes, IPEndPoint From)>();
        while (asked.Count < Datagrams)
        {
            asked.Add(await upstream.ReceiveAsync());
        }

        Assert.Equal(sent, asked.Select(one => one.Bytes));
        foreach (var (bytes, from) in asked)
        {
            await upstream.SendAsync(from.Port, bytes);
        }

        foreach (var datagram in sent)
        {
            Assert.Equal(datagram, (await client.ReceiveAsync()).Bytes);
        }
    }

    [Fact]
    public async Task The_same_client_address_goes_to_the_same_endpoint_by_hash()
    {
        using var one = new UdpPeer();
        using var two = new UdpPeer();
        await using var proxy = await StartAsync($"\"127.0.0.1:{one.Port}\", \"127.0.0.1:{two.Port}\"", cluster: "load_balancer: consistent_hash");
        for (var i = 0; i < 10; i++)
        {
            using var client = new UdpPeer();
            await client.SendAsync(PortOf(proxy), [1]);
        }

        await Poll.UntilAsync(() => Count(proxy, "datagrams direction=to_upstream") == 10);
        Assert.True(one.HasMore != two.HasMore, "both endpoints were used");
    }

    [Fact]
    public async Task A_reload_moves_the_listener_to_another_cluster_without_a_new_socket()
    {
        using var one = new UdpPeer();
        using var two = new UdpPeer();
        await using var proxy = await StartAsync($"\"127.0.0.1:{one.Port}\"");
        var port = PortOf(proxy);
        Assert.Equal("", await proxy.ReloadAsync(Text($"\"127.0.0.1:{two.Port}\"", "idle_timeout: 9s", "")));
        Assert.Equal(port, PortOf(proxy));

        using var client = new UdpPeer();
        await client.SendAsync(port, [1]);
        Assert.Equal([1], (await two.ReceiveAsync()).Bytes);
    }

    [Fact]
    public async Task Nothing_is_left_when_the_proxy_stops()
    {
        using var upstream = new UdpPeer();
        var proxy = await StartAsync($"\"127.0.0.1:{upstream.Port}\"");
        using var client = new UdpPeer();
        await client.SendAsync(PortOf(proxy), [1]);
        await upstream.ReceiveAsync();
        var port = PortOf(proxy);

        await proxy.StopAsync(TimeSpan.FromSeconds(5)).WaitAsync(TimeSpan.FromSeconds(20));
        Assert.Equal(1, Ended(proxy, "stopped"));
        using var again = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        again.Bind(new IPEndPoint(IPAddress.Loopback, port));
        await proxy.DisposeAsync();
    }

    [Theory]
    [InlineData("address: 'unix:/tmp/x'", "{ udp_relay: { cluster: origin } }", "needs an IP address")]
    [InlineData("address: nowhere", "{ udp_relay: { cluster: origin } }", "expected an address")]
    [InlineData("address: '127.0.0.1:0'", "{ udp_relay: { cluster: gone } }", "gone")]
    [InlineData("address: '127.0.0.1:0'", "{ udp_relay: { cluster: origin, max_datagram: 1MiB } }", "max_datagram")]
    [InlineData("address: '127.0.0.1:0'", "tcp_relay", "no datagram service 'tcp_relay'")]
    public async Task Configurations_that_make_no_sense_are_refused(string address, string service, string said)
    {
        var refused = await Assert.ThrowsAsync<ArgumentException>(() => TestProxy.StartAsync(
            $$"""
            listeners: {}
            udp_listeners: { dns: { {{address}}, service: {{service}} } }
            clusters: { origin: { endpoints: ["127.0.0.1:1"] } }
            """,
            components: [typeof(UdpRelayService)]));

        Assert.Contains(said, refused.Message, StringComparison.Ordinal);
    }

    private static string Text(string endpoints, string options, string cluster) =>
        $$"""
        listeners: {}
        udp_listeners: { dns: { address: "127.0.0.1:0", service: { udp_relay: { cluster: origin{{(options.Length > 0 ? ", " + options : "")}} } } } }
        clusters: { origin: { endpoints: [{{endpoints}}]{{(cluster.Length > 0 ? ", " + cluster : "")}} } }
        """;

    private static Task<TestProxy> StartAsync(string endpoints, string options = "", string cluster = "") =>
        TestProxy.StartAsync(Text(endpoints, options, cluster), components: [typeof(UdpRelayService)]);

    private static int PortOf(TestProxy proxy) => proxy.UdpPortOf("dns");

    private static long Count(TestProxy proxy, string what) => proxy.Counts.GetValueOrDefault($"filterproxy.udp_relay.{what}");

    private static long Ended(TestProxy proxy, string reason) => Count(proxy, $"sessions reason={reason}");
}
