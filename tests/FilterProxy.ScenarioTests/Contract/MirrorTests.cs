using FilterProxy.ContractSketches;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.ScenarioTests.Contract;

public sealed class MirrorTests
{
    [Theory]
    [EachProtocol("GET /a?b=c HTTP/1.1\r\nHost: example.com\r\n\r\n", "")]
    [EachProtocol("POST /a?b=c HTTP/1.1\r\nHost: example.com\r\nContent-Length: 5\r\n\r\nhello", "hello")]
    public async Task The_copy_is_the_request(string request, string body, TestTransport transport)
    {
        await using var upstream = TestUpstream.Start(r => UpstreamResponse.Ok(r.Text));
        await using var copies = TestUpstream.Start();
        await using var proxy = await StartAsync(upstream, copies, transport);

        var response = await proxy.SendAsync(request);

        Assert.Equal(body, response.Text);
        await Poll.UntilAsync(() => copies.Requests is [{ IsComplete: true }]);
        var copy = copies.Requests[0];
        Assert.Equal(upstream.Requests[0].Method, copy.Method);
        Assert.Equal("/a?b=c", copy.Target);
        Assert.Equal(body, copy.Text);
        Assert.Equal("example.com", copy.Headers["host"]);
    }

    [Theory]
    [EachProtocol]
    public async Task A_copy_nobody_takes_does_not_delay_the_request(TestTransport transport)
    {
        await using var upstream = TestUpstream.Start(r => UpstreamResponse.Ok($"{r.Body.Length}"));
        await using var copies = TestUpstream.StartAtHead(_ => Task.FromResult(UpstreamResponse.Never()));
        await using var proxy = await StartAsync(upstream, copies, transport);

        var response = await proxy.SendAsync($"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4000000\r\n\r\n{new string('x', 4_000_000)}");

        Assert.Equal("4000000", response.Text);
    }

    private static Task<TestProxy> StartAsync(TestUpstream upstream, TestUpstream copies, TestTransport transport) => TestProxy.StartAsync(
        $$"""
        http: { route_filters: [ { sketch_mirror: { cluster: copies } } ] }
        routes: [ { name: all, cluster: origin } ]
        clusters:
          origin: { endpoints: ["127.0.0.1:{{upstream.Port}}"] }
          copies: { endpoints: ["127.0.0.1:{{copies.Port}}"] }
        """,
        transport,
        typeof(Mirror));
}
