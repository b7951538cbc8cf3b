using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using FilterProxy.Filters.ReverseTunnel.Punch;
using FilterProxy.Filters.ReverseTunnel.Stun;
using FilterProxy.Filters.Tests.UdpRelay;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.Filters.Tests.ReverseTunnel.Stun;

/// <summary>Who asks where he is seen, and who tells him.</summary>
public sealed class StunTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task The_service_tells_a_client_its_address()
    {
        await using var server = await StartAsync();
        using var socket = Candidates.TryOpen()!;

        var found = await AskAsync(socket, new IPEndPoint(IPAddress.Loopback, server.UdpPortOf("stun")));

        Assert.Equal(new IPEndPoint(IPAddress.Loopback, ((IPEndPoint)socket.LocalEndPoint!).Port), Assert.Single(found));
    }

    [Fact]
    public async Task A_request_that_is_lost_is_sent_again()
    {
        await using var server = new FakeStun { Loses = 2 };
        using var socket = Candidates.TryOpen()!;

        Assert.Single(await AskAsync(socket, server.Address));

        Assert.Equal(3, server.Asked);
    }

    [Fact]
    public async Task What_is_no_answer_is_passed_over()
    {
        var other = new byte[StunMessage.LongestAnswer];
        var length = StunMessage.WriteAnswer(RandomNumberGenerator.GetBytes(12), new IPEndPoint(IPAddress.Loopback, 9), other);
        await using var server = new FakeStun { Noise = [[], new byte[1400], other[..length], [1, 1, 0, 0]] };
        using var socket = Candidates.TryOpen()!;

        Assert.Equal(((IPEndPoint)socket.LocalEndPoint!).Port, Assert.Single(await AskAsync(socket, server.Address)).Port);
    }

    [Fact]
    public async Task Of_several_servers_a_silent_one_is_not_waited_for()
    {
        await using var good = new FakeStun();
        await using var silent = new FakeStun { Loses = int.MaxValue };
        using var socket = Candidates.TryOpen()!;
        var watch = Stopwatch.StartNew();

        Assert.Single(await AskAsync(socket, silent.Address, good.Address));

        Assert.True(watch.Elapsed < Limit / 2, $"{watch.Elapsed}");
    }

    [Fact]
    public async Task Without_an_answer_there_is_no_address_when_the_time_is_over()
    {
        await using var silent = new FakeStun { Loses = int.MaxValue };
        using var socket = Candidates.TryOpen()!;

        Assert.Empty(await new StunClient(socket, TimeProvider.System).AskAsync([silent.Address], TimeSpan.FromMilliseconds(200), default));
    }

    [Fact]
    public async Task The_service_answers_nothing_but_requests_and_no_more_of_them_than_it_is_to()
    {
        await using var server = await StartAsync("client_rate: 3");
        var port = server.UdpPortOf("stun");
        using var client = new UdpPeer();
        var request = new byte[StunMessage.RequestLength];
        StunMessage.WriteRequest(new byte[StunMessage.TransactionLength], request);
        foreach (var datagram in new byte[][] { [], [0], new byte[20], new byte[1400], [.. request, 0], request[..19] })
        {
            await client.SendAsync(port, datagram);
        }

        // Ten within a second, of which a turn of the clock may let a few more pass.
        for (var i = 0; i < 10; i++)
        {
            await client.SendAsync(port, request);
        }

        await Poll.UntilAsync(() => Count(server, "malformed") == 6 && Count(server, "answered") + Count(server, "client_rate") == 10, Limit);
        Assert.InRange(Count(server, "answered"), 3, 6);
        for (var i = 0L; i < Count(server, "answered"); i++)
        {
            Assert.InRange((await client.ReceiveAsync()).Bytes.Length, 1, StunMessage.LongestAnswer);
        }

        Assert.False(client.HasMore);
    }

    [Theory]
    [InlineData("tunnel.example.com:3478", true)]
    [InlineData("tunnel.example.com", true)]
    [InlineData("192.0.2.1:3478", true)]
    [InlineData("[2001:db8::1]:3478", true)]
    [InlineData("[2001:db8::1]", true)]
    [InlineData("2001:db8::1", true)]
    [InlineData("", false)]
    [InlineData("tunnel:", false)]
    [InlineData("tunnel:0", false)]
    [InlineData("tunnel:70000", false)]
    [InlineData("stun:a:b", false)]
    [InlineData("a b", false)]
    public void A_server_is_named_by_host_and_port(string text, bool isOne) => Assert.Equal(isOne, StunServers.IsOne(text));

    [Fact]
    public async Task A_server_without_an_address_is_left_out()
    {
        var found = await StunServers.ResolveAsync(["127.0.0.1:99", "[::1]:98", "no-such-name.invalid"], withIPv6: false, default);

        Assert.Equal([IPEndPoint.Parse("127.0.0.1:99")], found);
    }

    private static Task<TestProxy> StartAsync(string options = "") => TestProxy.StartAsync(
        $$"""
        listeners: {}
        udp_listeners: { stun: { address: "127.0.0.1:0", service: { stun: { {{options}} } } } }
        """,
        components: [typeof(StunService)]);

    private static Task<IReadOnlyList<IPEndPoint>> AskAsync(Socket socket, params IPEndPoint[] servers) => new StunClient(socket, TimeProvider.System).AskAsync(servers, Limit, default);

    private static long Count(TestProxy proxy, string outcome) => proxy.Counts.GetValueOrDefault($"filterproxy.reverse_tunnel.stun.requests outcome={outcome}");
}
