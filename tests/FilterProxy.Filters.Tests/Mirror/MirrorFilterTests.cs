using FilterProxy.Filters.Mirror;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.Filters.Tests.Mirror;

public sealed class MirrorFilterTests
{
    [Theory]
    [InlineData("GET /a?b=c HTTP/1.1\r\nHost: example.com\r\nX-One: 1\r\n\r\n", "")]
    [InlineData("POST /a?b=c HTTP/1.1\r\nHost: example.com\r\nX-One: 1\r\nContent-Type: text/x\r\nContent-Length: 5\r\n\r\nhello", "hello")]
    [InlineData("POST /a?b=c HTTP/1.1\r\nHost: example.com\r\nX-One: 1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", "hello")]
    public async Task The_copy_is_the_request(string request, string body)
    {
        await using var upstream = TestUpstream.Start(r => UpstreamResponse.Ok(r.Text));
        await using var copies = TestUpstream.Start();
        await using var proxy = await StartAsync(upstream, copies);

        Assert.Equal(body, (await proxy.SendAsync(request)).Text);

        await Poll.UntilAsync(() => copies.Requests is [{ IsComplete: true }]);
        var copy = copies.Requests[0];
        Assert.Equal((upstream.Requests[0].Method, "/a?b=c", body), (copy.Method, copy.Target, copy.Text));
        Assert.Equal(("example.com", "1", "1", upstream.Requests[0].Headers["content-type"]), (copy.Headers["host"], copy.Headers["x-one"], copy.Headers["x-mirrored"], copy.Headers["content-type"]));
        Assert.Null(upstream.Requests[0].Headers["x-mirrored"]);
    }

    [Fact]
    public async Task Copies_that_nobody_takes_neither_delay_nor_pile_up()
    {
        await using var upstream = TestUpstream.Start();
        await using var copies = TestUpstream.StartAtHead(_ => Task.FromResult(UpstreamResponse.Never()));
        await using var proxy = await StartAsync(upstream, copies, "max_in_flight: 3");
        await using var client = await proxy.ConnectAsync();
        for (var i = 0; i < 20; i++)
        {
            Assert.Equal(200, (await client.RoundTripAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n")).Status);
        }

        await copies.WaitForRequestsAsync(3);
        Assert.Equal(3, copies.Requests.Count);
    }

    [Fact]
    public async Task A_cluster_that_is_down_is_nobodys_problem()
    {
        await using var upstream = TestUpstream.Start();
        var copies = TestUpstream.Start();
        await copies.DisposeAsync();
        await using var proxy = await StartAsync(upstream, copies);
        for (var i = 0; i < 5; i++)
        {
            Assert.Equal(200, (await proxy.SendAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n")).Status);
        }
    }

    [Theory]
    [InlineData("percent: 0", 0, 0)]
    [InlineData("percent: 50", 60, 140)]
    [InlineData("max_body: 4", 0, 0)]
    public async Task A_part_of_the_requests_is_copied(string options, int least, int most)
    {
        await using var upstream = TestUpstream.Start();
        await using var copies = TestUpstream.Start();
        await using var proxy = await StartAsync(upstream, copies, options);
        await using var client = await proxy.ConnectAsync();
        for (var i = 0; i < 200; i++)
        {
            await client.RoundTripAsync("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello");
        }

        await copies.WaitForRequestsAsync(least);
        Assert.InRange(copies.Requests.Count, least, most);
    }

    [Fact]
    public async Task Requests_of_HTTP2_are_copied_too()
    {
        await using var upstream = TestUpstream.Start();
        await using var copies = TestUpstream.Start();
        await using var proxy = await StartAsync(upstream, copies, transport: TestTransport.H2c);
        Assert.Equal(200, (await proxy.SendAsync("GET /a?b=c HTTP/1.1\r\nHost: example.com\r\n\r\n")).Status);
        await copies.WaitForRequestsAsync(1);
        Assert.Equal(("/a?b=c", "example.com"), (copies.Requests[0].Target, copies.Requests[0].Headers["host"]));
    }

    [Theory]
    [InlineData("percent: 101")]
    [InlineData("max_in_flight: 0")]
    [InlineData("precent: 5")]
    public async Task A_wrong_option_is_refused(string options)
    {
        await using var upstream = TestUpstream.Start();
        await Assert.ThrowsAsync<ArgumentException>(() => StartAsync(upstream, upstream, options));
    }

    private static Task<TestProxy> StartAsync(
        TestUpstream upstream, TestUpstream copies, string options = "percent: 100", TestTransport transport = TestTransport.Sockets) => TestProxy.StartAsync(
        $$"""
        routes: [ { name: all, cluster: origin, filters: [ { mirror: { cluster: copies, {{options}} } } ] } ]
        clusters:
          origin: { endpoints: ["127.0.0.1:{{upstream.Port}}"] }
          copies: { endpoints: ["127.0.0.1:{{copies.Port}}"] }
        """,
        transport,
        typeof(MirrorFilter));
}
