using System.Net;
using System.Net.WebSockets;
using System.Text.Json;
using FilterProxy.Filters.Headers;
using FilterProxy.Filters.ReverseTunnel.Agent;
using FilterProxy.Filters.ReverseTunnel.Egress;
using FilterProxy.Filters.ReverseTunnel.Server;
using FilterProxy.Filters.Tests.ReverseTunnel.Server;
using FilterProxy.TestKit;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace FilterProxy.Filters.Tests.ReverseTunnel.Work;

/// <summary>Requests that travel over work connections, as HTTP/1.</summary>
public sealed class WorkRequestTests
{
    [Fact]
    public async Task A_request_reaches_a_service_as_it_was_sent()
    {
        await using var origin = TestUpstream.Start(request => UpstreamResponse.Ok($"{request.Method} {request.Target} {request.Headers["host"]} {request.Text}"));
        await using var server = await WorkRig.StartServerAsync();
        await using var agent = await WorkRig.StartAgentAsync(server, origin.Port);

        var response = await server.SendAsync("POST /a%2Fb/../c?q=%41&x HTTP/1.1\r\nHost: app.example\r\nContent-Length: 5\r\n\r\nhello");

        Assert.Equal((200, "POST /c?q=%41&x app.example hello"), (response.Status, response.Text));
        Assert.Equal(0, ViewOf(server).GetProperty("streams_served").GetInt64());
    }

    [Fact]
    public async Task A_large_body_is_whole_in_both_directions()
    {
        var body = new byte[8 << 20];
        new Random(1).NextBytes(body);
        await using var origin = TestUpstream.Start(request => UpstreamResponse.Create(200, request.Body));
        await using var server = await WorkRig.StartServerAsync();
        await using var agent = await WorkRig.StartAgentAsync(server, origin.Port);
        using var client = new HttpClient();

        var response = await client.PostAsync($"http://127.0.0.1:{server.Port}/", new ByteArrayContent(body));

        Assert.Equal(body, await response.Content.ReadAsByteArrayAsync());
    }

    [Fact]
    public async Task One_connection_serves_many_requests_of_many_clients()
    {
        await using var origin = TestUpstream.Start();
        await using var server = await WorkRig.StartServerAsync();
        await using var agent = await WorkRig.StartAgentAsync(server, origin.Port);

        for (var i = 0; i < 20; i++)
        {
            Assert.Equal(200, (await server.SendAsync(TunnelRig.Get())).Status);
        }

        // Two are kept idle, and one has taken the place of each that is used. A request that comes before the last one's connection is back takes another.
        await WorkConnectionTests.WaitForIdleAsync(server, 2);
        var used = ViewOf(server).GetProperty("work_connections_used").GetInt32();
        Assert.InRange(used, 1, 3);
        Assert.Equal(2 + used, WorkRig.OpenedAt(server));
    }

    [Fact]
    public async Task Requests_at_a_time_have_connections_as_fast_as_the_agent_dials()
    {
        const int Many = 64;
        var gate = new TaskCompletionSource();
        await using var origin = TestUpstream.Start(_ => UpstreamResponse.After(gate.Task).Then(UpstreamResponse.Ok()));
        await using var server = await WorkRig.StartServerAsync();
        await using var agent = await WorkRig.StartAgentAsync(server, origin.Port, work: 1);

        var requests = Enumerable.Range(0, Many).Select(_ => server.SendAsync(TunnelRig.Get())).ToList();
        await origin.WaitForRequestsAsync(Many);
        gate.SetResult();

        Assert.All(await Task.WhenAll(requests), response => Assert.Equal(200, response.Status));
    }

    [Fact]
    public async Task A_web_socket_is_one()
    {
        await using var origin = TestUpstream.Start(request => UpstreamResponse.SwitchToWebSocket(request).ThenRun(EchoAsync));
        await using var server = await WorkRig.StartServerAsync();
        await using var agent = await WorkRig.StartAgentAsync(server, origin.Port);
        await using var client = await server.ConnectAsync();

        await client.SendAsync("GET /chat HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
        Assert.Equal(101, (await client.ReadResponseAsync(toHead: true)).Status);
        await client.SendAsync("hello");

        Assert.Equal("hello"u8.ToArray(), await client.ReadExactlyAsync(5));
    }

    [Fact]
    public async Task A_web_socket_of_http2_is_one()
    {
        await using var origin = TestUpstream.Start(request => UpstreamResponse.SwitchToWebSocket(request).ThenRun(EchoAsync));
        await using var server = await WorkRig.StartServerAsync();
        await using var agent = await WorkRig.StartAgentAsync(server, origin.Port);
        using var invoker = new HttpMessageInvoker(new SocketsHttpHandler());
        using var socket = new ClientWebSocket { Options = { HttpVersion = HttpVersion.Version20, HttpVersionPolicy = HttpVersionPolicy.RequestVersionExact } };

        await socket.ConnectAsync(new Uri($"ws://127.0.0.1:{server.Port}/chat"), invoker, default).WaitAsync(TimeSpan.FromSeconds(20));

        Assert.Equal(WebSocketState.Open, socket.State);
    }

    [Fact]
    public async Task Hints_come_early_and_trailers_of_requests_late()
    {
        await using var origin = TestUpstream.Start(request => UpstreamResponse.Raw("HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n").Then(UpstreamResponse.Ok($"{request.Trailers["x-sum"]}")));
        await using var server = await WorkRig.StartServerAsync();
        await using var agent = await WorkRig.StartAgentAsync(server, origin.Port);
        await using var client = await server.ConnectAsync();

        await client.SendAsync("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nx-sum: 7\r\n\r\n");

        Assert.Equal(103, (await client.ReadResponseAsync(toHead: true)).Status);
        Assert.Equal("7", (await client.ReadResponseAsync()).Text);
    }

    [Fact]
    public async Task A_call_with_trailers_is_passed_on_both_ways_while_it_lasts()
    {
        await using var origin = await Http2Upstream.StartAsync(async context =>
        {
            context.Response.ContentType = "application/grpc";
            context.Response.DeclareTrailer("grpc-status");
            await context.Response.Body.FlushAsync();
            var buffer = new byte[64];
            int count;
            while ((count = await context.Request.Body.ReadAsync(buffer)) > 0)
            {
                await context.Response.Body.WriteAsync(buffer.AsMemory(0, count));
                await context.Response.Body.FlushAsync();
            }

            context.Response.AppendTrailer("grpc-status", "0");
        });
        await using var server = await WorkRig.StartServerAsync();
        await using var agent = await WorkRig.StartAgentAsync(server, origin.Port, cluster: "protocol: h2c");
        using var client = new HttpClient(new SocketsHttpHandler());
        using var body = new TurnsContent();
        using var request = new HttpRequestMessage(HttpMethod.Post, $"http://127.0.0.1:{server.Port}/echo.Echo/Chat")
        {
            Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact, Content = body,
        };
        request.Headers.Add("te", "trailers");

        using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead).WaitAsync(TimeSpan.FromSeconds(10));
        var stream = await response.Content.ReadAsStreamAsync();
        foreach (var word in new[] { "one", "two" })
        {
            await body.SayAsync(word);
            var heard = new byte[3];
            await stream.ReadExactlyAsync(heard);
            Assert.Equal(word, System.Text.Encoding.ASCII.GetString(heard));
        }

        body.End();
        Assert.Equal(0, await stream.ReadAsync(new byte[1]));
        Assert.Equal("0", response.TrailingHeaders.GetValues("grpc-status").Single());
    }

    [Fact]
    public async Task The_agents_routes_and_filters_decide_and_the_server_knows_which_agent_it_was()
    {
        await using var one = TestUpstream.Start();
        await using var server = await TestProxy.StartAsync(
            """
            listeners:
              web: { address: "127.0.0.1:0" }
              tunnels:
                address: "127.0.0.1:0"
                protocols: []
                filters: [ { reverse_tunnel: { credentials: { anonymous: true }, access: { rules: [ { agents: ["*:*:acme"], protocols: [http] } ] } } } ]
            routes: [ { name: all, cluster: apps, filters: [ { headers: { response: { set: { x-agent: "%UPSTREAM_HOST%" } } } } ] } ]
            clusters: { apps: { endpoints: { reverse_tunnel: { tenant: acme } }, connector: { reverse_tunnel: { transport: work } } } }
            """,
            components: [typeof(TunnelServerFilter), typeof(TunnelEndpoints), typeof(TunnelConnector), typeof(HeadersFilter)]);
        await using var agent = await TestProxy.StartAsync(
            $$"""
            listeners: { tunnel: { source: { reverse_tunnel: { address: "rc://n1:apps:acme@server:1", work_connections: 1 } } } }
            routes:
              - { name: none, match: { path: /none }, cluster: one, filters: [ { tunnel_egress: { allow: [ { networks: [10.0.0.0/8], ports: [1] } ] } } ] }
              - { name: all, cluster: one, filters: [ { headers: { response: { set: { x-through: agent } } } } ] }
            clusters:
              server: { endpoints: ["127.0.0.1:{{server.PortOf("tunnels")}}"] }
              one: { endpoints: ["127.0.0.1:{{one.Port}}"] }
            """,
            components: [typeof(TunnelSource), typeof(TunnelEgressFilter), typeof(HeadersFilter)]);
        await TunnelRig.WaitUntilReachableAsync(server);

        var response = await server.SendAsync(TunnelRig.Get());
        var denied = await server.SendAsync(TunnelRig.Get("/none"));

        Assert.Equal(("agent", "n1"), (response.Headers["x-through"], response.Headers["x-agent"]));
        Assert.Equal((403, "tunnel_egress_denied"), (denied.Status, denied.Headers["x-filterproxy-reason"]));
        Assert.DoesNotContain(one.Requests, request => request.Target == "/none");
    }

    private static JsonElement ViewOf(TestProxy server) => TunnelViewTests.View<TunnelServerFilter>(server).GetProperty("agents")[0];

    private static async Task EchoAsync(Stream stream)
    {
        var buffer = new byte[5];
        await stream.ReadExactlyAsync(buffer);
        await stream.WriteAsync(buffer);
    }
}
