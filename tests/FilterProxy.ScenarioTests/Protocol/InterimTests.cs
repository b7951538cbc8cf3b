using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.ScenarioTests.Protocol;

public sealed class InterimTests : Scenario
{
    private const string Expecting = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n";

    [Theory]
    [MemberData(nameof(AllTransports))]
    public async Task A_client_that_waits_for_100_gets_the_upstreams(TestTransport transport)
    {
        await using var upstream = TestUpstream.Start(r => UpstreamResponse.Ok(r.Text));
        await using var proxy = await TestProxy.StartAsync(upstream.Port, transport);
        await using var client = await proxy.ConnectAsync();

        Assert.Equal(100, (await client.RoundTripAsync(Expecting)).Status);
        await client.SendAsync("hello");

        Assert.Equal("hello", (await client.ReadResponseAsync()).Text);
        Assert.Equal("100-continue", upstream.Requests[0].Headers["Expect"]);
        Assert.Equal("ok", (await client.RoundTripAsync("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nok")).Text);
    }

    [Theory]
    [MemberData(nameof(AllTransports))]
    public async Task A_final_status_instead_of_100_leaves_the_body_out(TestTransport transport)
    {
        await using var upstream = TestUpstream.StartAtHead(_ => Task.FromResult(UpstreamResponse.Create(403, "no")));
        await using var proxy = await TestProxy.StartAsync(upstream.Port, transport);
        await using var client = await proxy.ConnectAsync();

        var response = await client.RoundTripAsync(Expecting);

        // Whether the client sends its body now is anybody's guess: in HTTP/1 another request could not be told from it.
        Assert.Equal((403, "no"), (response.Status, response.Text));
        await AssertGivenUpAsync(client, response);
        Assert.Single(upstream.Requests);
    }

    [Theory]
    [MemberData(nameof(AllTransports))]
    public async Task A_local_reply_instead_of_100_leaves_the_body_out(TestTransport transport)
    {
        await using var proxy = await TestProxy.StartAsync("routes: [ { match: { path: /hit }, respond: { body: hit } } ]", transport);
        await using var client = await proxy.ConnectAsync();

        var response = await client.RoundTripAsync(Expecting);

        Assert.Equal(404, response.Status);
        await AssertGivenUpAsync(client, response);
    }

    // HTTP/1 alone: Kestrel's engine cannot send 103 (Http2/MessageTests).
    [Theory]
    [MemberData(nameof(Http1Transports))]
    public async Task Early_hints_pass_before_the_final_response(TestTransport transport)
    {
        await using var upstream = TestUpstream.Start(_ => UpstreamResponse
            .Raw("HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\nConnection: X-Hop\r\nX-Hop: 1\r\n\r\n").Then(UpstreamResponse.Ok()));
        await using var proxy = await TestProxy.StartAsync(upstream.Port, transport);
        await using var client = await proxy.ConnectAsync();

        var hints = await client.RoundTripAsync(Get);
        var final = await client.ReadResponseAsync();

        Assert.Equal((103, "</a.css>; rel=preload", null), (hints.Status, hints.Headers["Link"], hints.Headers["X-Hop"]));
        Assert.Equal((200, "ok", null), (final.Status, final.Text, final.Headers["Link"]));
    }

    // HTTP/1 alone: Kestrel's engine cannot send 103.
    [Theory]
    [MemberData(nameof(Http1Transports))]
    public async Task An_interim_response_has_no_framing_fields(TestTransport transport)
    {
        await using var upstream = TestUpstream.Start(_ => UpstreamResponse
            .Raw("HTTP/1.1 103 Early Hints\r\nContent-Length: 5\r\nLink: </a>\r\n\r\n").Then(UpstreamResponse.Ok()));
        await using var proxy = await TestProxy.StartAsync(upstream.Port, transport);
        await using var client = await proxy.ConnectAsync();

        Assert.Equal("</a>", (await client.RoundTripAsync(Get)).Headers["Link"]);
        Assert.Equal("ok", (await client.ReadResponseAsync()).Text);
    }

    [Theory]
    [MemberData(nameof(AllTransports))]
    public async Task A_100_nobody_asked_for_is_dropped(TestTransport transport)
    {
        await using var upstream = TestUpstream.Start(_ => UpstreamResponse.Raw("HTTP/1.1 100 Continue\r\n\r\n").Then(UpstreamResponse.Ok()));
        await using var proxy = await TestProxy.StartAsync(upstream.Port, transport);

        Assert.Equal(200, (await proxy.SendAsync(Get)).Status);
    }

    [Theory]
    [MemberData(nameof(AllTransports))]
    public async Task An_HTTP_1_0_client_sees_no_interim_response(TestTransport transport)
    {
        await using var upstream = TestUpstream.Start(_ => UpstreamResponse.Raw("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n").Then(UpstreamResponse.Ok()));
        await using var proxy = await TestProxy.StartAsync(upstream.Port, transport);

        Assert.Equal("ok", (await proxy.SendAsync("GET / HTTP/1.0\r\nHost: a\r\n\r\n")).Text);
    }

    [Theory]
    [MemberData(nameof(AllTransports))]
    public async Task An_unknown_expectation_is_417(TestTransport transport)
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await TestProxy.StartAsync(upstream.Port, transport);
        await using var client = await proxy.ConnectAsync();

        var response = await client.RoundTripAsync("GET / HTTP/1.1\r\nHost: a\r\nExpect: the-unexpected\r\n\r\n");

        Assert.Equal(417, response.Status);
        await AssertGivenUpAsync(client, response);
        Assert.Empty(upstream.Requests);
    }

    [Theory]
    [MemberData(nameof(AllTransports))]
    public async Task Interim_responses_without_end_are_502(TestTransport transport)
    {
        var many = string.Concat(Enumerable.Repeat("HTTP/1.1 102 Processing\r\n\r\n", 200));
        await using var upstream = TestUpstream.Start(_ => UpstreamResponse.Raw(many).Then(UpstreamResponse.Ok()));
        await using var proxy = await TestProxy.StartAsync(upstream.Port, transport);
        await using var client = await proxy.ConnectAsync();

        var response = await client.RoundTripAsync(Get);
        var interim = 0;
        for (; response.Status == 102; interim++)
        {
            response = await client.ReadResponseAsync();
        }

        Assert.Equal(502, response.Status);
        // Kestrel's engine cannot send them.
        Assert.InRange(interim, TestTransports.IsHttp2(transport) ? 0 : 1, TestTransports.IsHttp2(transport) ? 0 : 101);
        await Poll.UntilAsync(() => upstream.Connections[0].Closed.IsCompleted);
    }
}
