using System.Globalization;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.ScenarioTests.Protocol;

public sealed class BadRequestTests : Scenario
{
    // What an attacker hopes will be taken for a request of its own.
    private const string Smuggled = "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n";

    // HTTP/1 alone: about its syntax. What HTTP/2 can say wrong: Http2/DowngradeTests.
    [Theory]
    [MemberData(nameof(Http1Transports))]
    public async Task A_bad_head_is_refused_and_the_connection_closed(TestTransport transport)
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await TestProxy.StartAsync(upstream.Port, transport);

        await Task.WhenAll(BadRequests.Heads.Select(bad => RefuseAsync(proxy, bad.Key, bad.Value)));

        Assert.Empty(upstream.Requests);
        Assert.Equal(200, (await proxy.SendAsync(Get)).Status);
    }

    // HTTP/1 alone: about chunks.
    [Theory]
    [MemberData(nameof(Http1Transports))]
    public async Task A_bad_body_is_refused_and_never_becomes_a_complete_request(TestTransport transport)
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await TestProxy.StartAsync(upstream.Port, transport);

        await Task.WhenAll(BadRequests.Bodies.Select(bad => RefuseAsync(proxy, bad.Key, bad.Value)));

        Assert.DoesNotContain(upstream.Requests, r => r.Target == "/smuggled" || r.IsComplete);
        Assert.Equal(200, (await proxy.SendAsync(Get)).Status);
    }

    [Theory]
    [MemberData(nameof(BadRequests.Names), MemberType = typeof(BadRequests))]
    public async Task A_bad_request_is_refused_wherever_it_is_split(string name)
    {
        var bad = BadRequests.Heads.GetValueOrDefault(name) ?? BadRequests.Bodies[name];
        await using var upstream = TestUpstream.Start();
        await using var proxy = await TestProxy.StartAsync(upstream.Port, TestTransport.Memory);

        for (var position = 1; position < bad.Length; position++)
        {
            await using var client = await proxy.ConnectAsync();
            await client.SendSplitAsync(bad, position);
            await AssertStatusAsync(client, $"{name}, split at {position}");
        }

        Assert.DoesNotContain(upstream.Requests, r => r.IsComplete);
    }

    [Theory]
    [InlineData("request_line", 100, 414)]
    [InlineData("header_size", 100, 431)]
    [InlineData("header_count", 10, 431)]
    [InlineData("request_head", 300, 431)]
    public async Task Limits_let_the_limit_pass_and_no_more(string limit, int value, int status)
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await TestProxy.StartAsync(
            upstream.Port, TestTransport.Memory, string.Create(CultureInfo.InvariantCulture, $"{{ limits: {{ {limit}: {value}{(limit == "request_head" ? ", request_line: 300, header_size: 300" : "")} }} }}"));
        for (var extra = 0; extra <= 1; extra++)
        {
            var size = value + extra;
            var request = limit switch
            {
                "request_line" => Pad("GET /", " HTTP/1.1", size) + "\r\nHost: a\r\n\r\n",
                "header_size" => "GET / HTTP/1.1\r\nHost: a\r\n" + Pad("X:", "", size) + "\r\n\r\n",
                "header_count" => "GET / HTTP/1.1\r\nHost: a\r\n" + string.Concat(Enumerable.Range(1, size - 1).Select(i => $"X-{i}: y\r\n")) + "\r\n",
                _ => Pad("GET / HTTP/1.1\r\nHost: a\r\nX: ", "\r\n\r\n", size),
            };
            Assert.Equal(extra == 0 ? 200 : status, (await proxy.SendAsync(request)).Status);
        }

        Assert.Single(upstream.Requests);
    }

    [Theory]
    [MemberData(nameof(AllTransports))]
    public async Task A_body_over_the_limit_is_413(TestTransport transport)
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await TestProxy.StartAsync(upstream.Port, transport, "{ limits: { request_body: 10 } }");

        Assert.Equal(200, (await proxy.SendAsync("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n0123456789")).Status);
        Assert.Equal(413, (await proxy.SendAsync("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\n0123456789a")).Status);
        Assert.Equal(413, (await proxy.SendAsync("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nb\r\n0123456789a\r\n0\r\n\r\n")).Status);
        Assert.Single(upstream.Requests, r => r.IsComplete);
    }

    private static string Pad(string before, string after, int length) => before + new string('x', length - before.Length - after.Length) + after;

    private static async Task RefuseAsync(TestProxy proxy, string name, string bad)
    {
        await using var client = await proxy.ConnectAsync();
        await client.SendAsync(bad + Smuggled);
        await AssertStatusAsync(client, name);
        Assert.True(await client.IsClosedByPeerAsync(), $"{name}: the connection stayed open, or a second response came");
        Assert.False(client.WasReset, name);
    }

    private static async Task AssertStatusAsync(RawClient client, string what)
    {
        var response = await client.ReadResponseAsync();
        Assert.True(response.Status is (>= 400 and < 500) or 501 or 505, $"{what}: {response.Status}");
        Assert.True(response.Headers["Connection"] == "close", what);
    }
}
