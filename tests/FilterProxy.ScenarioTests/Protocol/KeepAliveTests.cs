using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.ScenarioTests.Protocol;

public sealed class KeepAliveTests : Scenario
{
    [Theory]
    [MemberData(nameof(AllTransports))]
    public async Task Two_requests_share_a_connection(TestTransport transport)
    {
        await using var upstream = TestUpstream.Start(r => UpstreamResponse.Ok(r.Target));
        await using var proxy = await TestProxy.StartAsync(upstream.Port, transport);
        await using var client = await proxy.ConnectAsync();

        var first = await client.RoundTripAsync("GET /1 HTTP/1.1\r\nHost: a\r\n\r\n");
        var second = await client.RoundTripAsync("GET /2 HTTP/1.1\r\nHost: a\r\n\r\n");

        Assert.Equal("/1", first.Text);
        Assert.Null(first.Headers["Connection"]);
        Assert.Equal("/2", second.Text);
        Assert.Single(upstream.Connections);
    }

    // With so many, loops fetch what a connection needs before its turn.
    [Theory]
    [MemberData(nameof(Http1Transports))]
    public async Task Each_of_hundreds_of_clients_gets_its_own_answers(TestTransport transport)
    {
        await using var upstream = TestUpstream.Start(r => UpstreamResponse.Ok(r.Target));
        await using var proxy = await TestProxy.StartAsync(upstream.Port, transport);
        var clients = await Task.WhenAll(Enumerable.Range(0, 300).Select(_ => proxy.ConnectAsync()));
        for (var round = 0; round < 3; round++)
        {
            var answers = await Task.WhenAll(clients.Select((client, i) => client.RoundTripAsync($"GET /{round}/{i} HTTP/1.1\r\nHost: a\r\n\r\n")));

            Assert.Equal(Enumerable.Range(0, clients.Length).Select(i => $"/{round}/{i}"), answers.Select(answer => answer.Text));
        }

        foreach (var client in clients)
        {
            await client.DisposeAsync();
        }
    }

    // HTTP/1 alone: about Connection.
    [Theory]
    [MemberData(nameof(Http1Transports))]
    public async Task Connection_close_ends_the_connection_after_the_response(TestTransport transport)
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await TestProxy.StartAsync(upstream.Port, transport);
        await using var client = await proxy.ConnectAsync();

        var response = await client.RoundTripAsync("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");

        Assert.Equal("close", response.Headers["Connection"]);
        Assert.True(await client.IsClosedByPeerAsync());
        Assert.False(client.WasReset);
        Assert.Null(upstream.Requests[0].Headers["Connection"]);
    }

    // HTTP/1 alone: about HTTP/1.0.
    [Theory]
    [MemberData(nameof(Http1Transports))]
    public async Task An_HTTP_1_0_client_gets_one_response_and_the_end(TestTransport transport)
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await TestProxy.StartAsync(upstream.Port, transport);
        await using var client = await proxy.ConnectAsync();

        var response = await client.RoundTripAsync("GET / HTTP/1.0\r\nHost: a\r\n\r\n");

        Assert.Equal((200, "ok", "close"), (response.Status, response.Text, response.Headers["Connection"]));
        Assert.Equal("HTTP/1.1", upstream.Requests[0].Version);
        Assert.True(await client.IsClosedByPeerAsync());
    }

    // HTTP/1 alone: about HTTP/1.0.
    [Theory]
    [MemberData(nameof(Http1Transports))]
    public async Task An_HTTP_1_0_client_may_ask_to_keep_the_connection(TestTransport transport)
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await TestProxy.StartAsync(upstream.Port, transport);
        await using var client = await proxy.ConnectAsync();

        var first = await client.RoundTripAsync("GET / HTTP/1.0\r\nHost: a\r\nConnection: Keep-Alive\r\n\r\n");
        var second = await client.RoundTripAsync("GET / HTTP/1.0\r\nHost: a\r\n\r\n");

        Assert.Equal("keep-alive", first.Headers["Connection"]);
        Assert.Equal("close", second.Headers["Connection"]);
        Assert.True(await client.IsClosedByPeerAsync());
    }

    // HTTP/1 alone: streams need no order (Http2/MessageTests).
    [Theory]
    [MemberData(nameof(Http1Transports))]
    public async Task Pipelined_requests_are_answered_in_order_with_their_bodies(TestTransport transport)
    {
        await using var upstream = TestUpstream.Start(r => UpstreamResponse.Ok($"{r.Method} {r.Target} {r.Text}"));
        await using var proxy = await TestProxy.StartAsync(upstream.Port, transport);
        await using var client = await proxy.ConnectAsync();

        await client.SendAsync(
            "GET /1 HTTP/1.1\r\nHost: a\r\n\r\n"
            + "POST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello"
            + "POST /3 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
            + "HEAD /4 HTTP/1.1\r\nHost: a\r\n\r\n"
            + "GET /5 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");

        Assert.Equal("GET /1 ", (await client.ReadResponseAsync()).Text);
        Assert.Equal("POST /2 hello", (await client.ReadResponseAsync()).Text);
        Assert.Equal("POST /3 abc", (await client.ReadResponseAsync()).Text);
        Assert.Equal("8", (await client.ReadResponseAsync(toHead: true)).Headers["Content-Length"]);
        Assert.Equal("GET /5 ", (await client.ReadResponseAsync()).Text);
        Assert.True(await client.IsClosedByPeerAsync());
    }

    [Theory]
    [MemberData(nameof(AllTransports))]
    public async Task Downstream_connections_share_an_upstream_connection(TestTransport transport)
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await TestProxy.StartAsync(upstream.Port, transport);

        for (var i = 0; i < 5; i++)
        {
            Assert.Equal(200, (await proxy.SendAsync(Get)).Status);
            await Poll.UntilAsync(() => proxy.OpenConnections == 0);
        }

        Assert.Single(upstream.Connections);
    }

    [Theory]
    [MemberData(nameof(AllTransports))]
    public async Task The_last_request_a_connection_may_carry_is_told_so(TestTransport transport)
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await TestProxy.StartAsync(upstream.Port, transport, "{ limits: { requests_per_connection: 2 } }");
        await using var client = await proxy.ConnectAsync();

        Assert.Null((await client.RoundTripAsync(Get)).Headers["Connection"]);
        await AssertLastAsync(client, await client.RoundTripAsync(Get), transport);
    }

    [Theory]
    [MemberData(nameof(AllTransports))]
    public async Task A_local_reply_to_a_small_unread_body_keeps_the_connection(TestTransport transport)
    {
        await using var proxy = await TestProxy.StartAsync("routes: [ { match: { path: /hit }, respond: { body: hit } } ]", transport);
        await using var client = await proxy.ConnectAsync();

        await client.SendAsync("POST /miss HTTP/1.1\r\nHost: a\r\nContent-Length: 20000\r\n\r\n");
        Assert.Equal(404, (await client.ReadResponseAsync()).Status);
        await client.SendAsync(new string('x', 20000) + "GET /hit HTTP/1.1\r\nHost: a\r\n\r\n");

        Assert.Equal("hit", (await client.ReadResponseAsync()).Text);
    }

    [Theory]
    [MemberData(nameof(AllTransports))]
    public async Task A_small_unread_chunked_body_is_skipped_too(TestTransport transport)
    {
        await using var proxy = await TestProxy.StartAsync("routes: [ { match: { path: /hit }, respond: { body: hit } } ]", transport);
        await using var client = await proxy.ConnectAsync();

        await client.SendAsync(
            "POST /miss HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX-T: 1\r\n\r\nGET /hit HTTP/1.1\r\nHost: a\r\n\r\n");

        Assert.Equal(404, (await client.ReadResponseAsync()).Status);
        Assert.Equal("hit", (await client.ReadResponseAsync()).Text);
    }

    [Theory]
    [MemberData(nameof(AllTransports))]
    public async Task A_local_reply_to_a_large_unread_body_arrives_while_the_client_still_sends(TestTransport transport)
    {
        await using var proxy = await TestProxy.StartAsync("routes: [ { match: { path: /hit }, respond: { body: hit } } ]", transport);
        await using var client = await proxy.ConnectAsync();
        const int size = 1_000_000;

        await client.SendAsync($"POST /miss HTTP/1.1\r\nHost: a\r\nContent-Length: {size}\r\n\r\n");
        for (var sent = 0; sent < size / 2; sent += 10_000)
        {
            // A reset would make one of these writes fail, or take the response from the client's receive buffer.
            await client.SendAsync(new byte[10_000]);
        }

        var response = await client.ReadResponseAsync();
        Assert.Equal((404, TestTransports.IsHttp2(transport) ? null : "close"), (response.Status, response.Headers["Connection"]));
        if (transport == TestTransport.Sockets)
        {
            client.CloseSending();
            Assert.True(await client.IsClosedByPeerAsync());
            Assert.False(client.WasReset);
        }
    }
}
