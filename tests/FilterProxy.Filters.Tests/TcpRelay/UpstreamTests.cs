using System.Net.Sockets;
using FilterProxy.Filters.ProxyProtocol;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.Filters.Tests.TcpRelay;

/// <summary>Where relays go: retries, limits, health, PROXY protocol and TLS to the upstream.</summary>
public sealed class UpstreamTests
{
    [Fact]
    public async Task An_endpoint_that_refuses_costs_no_connection_while_another_takes_them()
    {
        using var upstream = new StreamUpstream();
        var dead = DeadPort();
        await using var proxy = await RelayProxy.StartAsync($$"""
            listeners: { web: { address: "127.0.0.1:0", protocols: [], filters: [ { tcp_relay: { cluster: origin } } ] } }
            clusters: { origin: { endpoints: ["127.0.0.1:{{dead}}", "127.0.0.1:{{upstream.Port}}"], load_balancer: round_robin, outlier_detection: { consecutive_local_failures: 3 } } }
            """);
        for (var i = 0; i < 10; i++)
        {
            using var client = await StreamUpstream.ConnectAsync(proxy.Port);
            using var server = await upstream.AcceptAsync();
            await client.SayAsync("x");
            Assert.Equal("x", await server.HearAsync(1));
        }

        // The failures were told to passive health: the dead one is left out by now.
        Assert.Contains(proxy.LogLines, line => line.Contains($"127.0.0.1:{dead}", StringComparison.Ordinal) && line.Contains("3 failures in a row", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_connection_nobody_takes_is_reset_with_its_reason()
    {
        await using var proxy = await RelayProxy.StartAsync(DeadPort());
        using var client = await StreamUpstream.ConnectAsync(proxy.Port);

        Assert.False(await client.EndsOrderlyAsync());
        await Poll.UntilAsync(() => proxy.Ended("connection_refused") == 1);
        Assert.Contains(proxy.LogLines, line => line.StartsWith("Warning: ", StringComparison.Ordinal) && line.Contains("cluster 'origin': connection_refused", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Attempts_end_where_they_are_told_to()
    {
        using var upstream = new StreamUpstream();
        await using var proxy = await RelayProxy.StartAsync($$"""
            listeners: { web: { address: "127.0.0.1:0", protocols: [], filters: [ { tcp_relay: { cluster: origin, connect_attempts: 1 } } ] } }
            clusters: { origin: { endpoints: ["127.0.0.1:{{DeadPort()}}", "127.0.0.1:{{upstream.Port}}"], load_balancer: round_robin } }
            """);
        for (var i = 0; i < 4; i++)
        {
            using var client = await StreamUpstream.ConnectAsync(proxy.Port);
            await Poll.UntilAsync(() => client.Poll(0, SelectMode.SelectRead) || upstream.HasPending());
            if (upstream.HasPending())
            {
                (await upstream.AcceptAsync()).Dispose();
            }
        }

        await Poll.UntilAsync(() => proxy.Ended("connection_refused") == 2);
    }

    [Fact]
    public async Task A_relay_has_a_place_among_the_clusters_requests_until_it_ends()
    {
        using var upstream = new StreamUpstream();
        await using var proxy = await RelayProxy.StartAsync(upstream.Port, cluster: "limits: { max_requests: 1, max_pending: 0 }");
        var first = await StreamUpstream.ConnectAsync(proxy.Port);
        var server = await upstream.AcceptAsync();

        using var second = await StreamUpstream.ConnectAsync(proxy.Port);
        Assert.False(await second.EndsOrderlyAsync());
        await Poll.UntilAsync(() => proxy.Ended("overloaded") == 1);
        Assert.Contains(proxy.LogLines, line => line.StartsWith("Warning: Cluster 'origin' does not take a request: too_many_requests", StringComparison.Ordinal));

        first.Dispose();
        server.Dispose();
        await Poll.UntilAsync(() => proxy.Counts.Where(c => c.Key.StartsWith("filterproxy.tcp_relay.connections", StringComparison.Ordinal)).Sum(c => c.Value) == 2);
        using var third = await StreamUpstream.ConnectAsync(proxy.Port);
        using var again = await upstream.AcceptAsync();
        await again.SayAsync("welcome");
        Assert.Equal("welcome", await third.HearAsync(7));
    }

    [Fact]
    public async Task The_upstream_is_told_the_client_by_the_PROXY_protocol()
    {
        using var upstream = new StreamUpstream();
        await using var proxy = await RelayProxy.StartAsync(upstream.Port, cluster: "proxy_protocol: v1");
        using var client = await StreamUpstream.ConnectAsync(proxy.Port);
        using var server = await upstream.AcceptAsync();
        await client.SayAsync("hello");

        var head = $"PROXY TCP4 127.0.0.1 127.0.0.1 {((System.Net.IPEndPoint)client.LocalEndPoint!).Port} {proxy.Port}\r\n";
        Assert.Equal(head + "hello", await server.HearAsync(head.Length + 5));
    }

    [Fact]
    public async Task A_client_told_by_the_PROXY_protocol_is_passed_on()
    {
        using var upstream = new StreamUpstream();
        await using var proxy = await TestProxy.StartAsync(
            RelayProxy.Text(upstream.Port, cluster: "proxy_protocol: v1", before: "{ proxy_protocol: { trusted: [127.0.0.0/8] } },"),
            components: [.. RelayProxy.Components, typeof(ProxyProtocolFilter)]);
        using var client = await StreamUpstream.ConnectAsync(proxy.Port);
        using var server = await upstream.AcceptAfterAsync(() => client.SayAsync("PROXY TCP4 192.0.2.7 192.0.2.1 5000 22\r\nhello"));

        const string Head = "PROXY TCP4 192.0.2.7 192.0.2.1 5000 22\r\n";
        Assert.Equal(Head + "hello", await server.HearAsync(Head.Length + 5));
    }

    [Fact]
    public async Task TLS_is_spoken_to_the_upstream_and_each_end_is_passed_on()
    {
        using var certificate = new TestCertificate("localhost");
        using var upstream = new StreamUpstream();
        await using var proxy = await RelayProxy.StartAsync(upstream.Port, cluster: "tls: { insecure: true }");
        using var client = await StreamUpstream.ConnectAsync(proxy.Port);
        using var socket = await upstream.AcceptAsync();
        await using var tls = await TlsTalk.ServeAsync(socket, certificate);

        await client.SayAsync("secret");
        Assert.Equal("secret", await tls.HearAsync(6));
        Assert.Empty(tls.NegotiatedApplicationProtocol.Protocol.ToArray());
        client.Shutdown(SocketShutdown.Send);
        Assert.Equal(0, await tls.ReadAsync(new byte[1]));
        await tls.WriteAsync("answer"u8.ToArray());

        Assert.Equal("answer", await client.HearAsync(6));
    }

    [Fact]
    public async Task Killing_one_of_two_upstreams_moves_new_connections_at_once()
    {
        var doomed = new StreamUpstream();
        using var survivor = new StreamUpstream();
        await using var proxy = await RelayProxy.StartAsync($$"""
            listeners: { web: { address: "127.0.0.1:0", protocols: [], filters: [ { tcp_relay: { cluster: origin } } ] } }
            clusters: { origin: { endpoints: ["127.0.0.1:{{doomed.Port}}", "127.0.0.1:{{survivor.Port}}"], load_balancer: round_robin } }
            """);
        doomed.Dispose();

        for (var i = 0; i < 6; i++)
        {
            using var client = await StreamUpstream.ConnectAsync(proxy.Port);
            using var server = await survivor.AcceptAsync();
            await server.SayAsync("here");
            Assert.Equal("here", await client.HearAsync(4));
        }
    }

    /// <summary>A port of 127.0.0.1 nobody listens on.</summary>
    internal static int DeadPort()
    {
        using var socket = new StreamUpstream();
        return socket.Port;
    }
}
