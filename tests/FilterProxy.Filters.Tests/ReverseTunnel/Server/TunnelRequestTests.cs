using System.Net;
using FilterProxy.TestKit;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace FilterProxy.Filters.Tests.ReverseTunnel.Server;

/// <summary>Requests that reach services through a tunnel.</summary>
public sealed class TunnelRequestTests
{
    [Fact]
    public async Task A_request_reaches_a_service_behind_an_agent_as_it_was_sent()
    {
        await using var origin = TestUpstream.Start(request => UpstreamResponse.Ok($"{request.Method} {request.Target} {request.Headers["host"]} {request.Text}"));
        await using var server = await TunnelRig.StartServerAsync();
        await using var agent = await TunnelRig.StartAgentAsync(server.PortOf("tunnels"), origin.Port);
        await TunnelRig.WaitForTunnelsAsync(server, 1);
        await TunnelRig.WaitUntilReachableAsync(server);

        var response = await server.SendAsync("POST /a%2Fb/../c?q=%41&x HTTP/1.1\r\nHost: app.example\r\nContent-Length: 5\r\n\r\nhello");

        Assert.Equal(200, response.Status);
        Assert.Equal("POST /c?q=%41&x app.example hello", response.Text);
    }

    [Fact]
    public async Task Without_an_agent_the_answer_is_503()
    {
        await using var server = await TunnelRig.StartServerAsync();

        Assert.Equal(503, (await server.SendAsync(TunnelRig.Get())).Status);
    }

    [Fact]
    public async Task A_large_body_is_whole_in_both_directions()
    {
        var body = new byte[8 << 20];
        new Random(1).NextBytes(body);
        await using var origin = TestUpstream.Start(request => UpstreamResponse.Create(200, request.Body));
        await using var server = await TunnelRig.StartServerAsync();
        await using var agent = await TunnelRig.StartAgentAsync(server.PortOf("tunnels"), origin.Port);
        await TunnelRig.WaitUntilReachableAsync(server);
        using var client = new HttpClient();

        var response = await client.PostAsync($"http://127.0.0.1:{server.Port}/", new ByteArrayContent(body));

        Assert.Equal(body, await response.Content.ReadAsByteArrayAsync());
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
        await using var server = await TunnelRig.StartServerAsync();
        await using var agent = await TunnelRig.StartAgentAsync(server.PortOf("tunnels"), origin.Port, cluster: "protocol: h2c");
        await Poll.UntilAsync(() => server.LogLines.Any(line => line.Contains("Cluster 'apps' has 1 endpoint", StringComparison.Ordinal)));
        using var client = new HttpClient(new SocketsHttpHandler());
        using var body = new TurnsContent();
        using var request = new HttpRequestMessage(HttpMethod.Post, $"http://127.0.0.1:{server.Port}/echo.Echo/Chat")
        {
            Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact, Content = body,
        };
        request.Headers.Add("te", "trailers");

        using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
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
    public async Task A_web_socket_is_one_through_the_tunnel()
    {
        await using var origin = TestUpstream.Start(request => request.Headers["upgrade"] == "websocket"
            ? UpstreamResponse.SwitchToWebSocket(request).ThenRun(async stream =>
            {
                var buffer = new byte[5];
                await stream.ReadExactlyAsync(buffer);
                await stream.WriteAsync(buffer);
            })
            : UpstreamResponse.Ok());
        await using var server = await TunnelRig.StartServerAsync();
        await using var agent = await TunnelRig.StartAgentAsync(server.PortOf("tunnels"), origin.Port);
        await TunnelRig.WaitUntilReachableAsync(server);
        await using var client = await server.ConnectAsync();

        await client.SendAsync("GET /chat HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
        Assert.Equal(101, (await client.ReadResponseAsync(toHead: true)).Status);
        await client.SendAsync("hello");

        Assert.Equal("hello"u8.ToArray(), await client.ReadExactlyAsync(5));
    }

    [Theory]
    [InlineData("x-odd: \u00fc\u00ff\u0080")]
    [InlineData("x-empty:")]
    [InlineData("transfer-encoding: chunked\r\nx-after: 1", "0\r\n\r\n")]
    [InlineData("te: trailers, deflate")]
    [InlineData("http2-settings: AAMAAABkAARAAAAAAAIAAAAA")]
    [InlineData("keep-alive: 5\r\nproxy-connection: close")]
    public async Task A_field_that_is_odd_does_no_harm_to_the_tunnel(string fields, string body = "")
    {
        await using var origin = TestUpstream.Start();
        await using var server = await TunnelRig.StartServerAsync();
        await using var agent = await TunnelRig.StartAgentAsync(server.PortOf("tunnels"), origin.Port);
        await TunnelRig.WaitUntilReachableAsync(server);

        await server.SendAsync($"GET /odd HTTP/1.1\r\nHost: a\r\n{fields}\r\n\r\n{body}");

        Assert.Equal(200, (await server.SendAsync(TunnelRig.Get())).Status);
        Assert.Single(server.LogLines, line => line.Contains("has a tunnel", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(90, 300)]
    [InlineData(1, 30_000)]
    public async Task Many_fields_and_large_ones_pass_or_are_refused_and_the_tunnel_stays(int count, int length)
    {
        await using var origin = TestUpstream.Start(_ => UpstreamResponse.Ok("ok", [.. Enumerable.Range(0, count).Select(i => ($"x-{i}", new string('v', length / 2)))]));
        await using var server = await TunnelRig.StartServerAsync();
        await using var agent = await TunnelRig.StartAgentAsync(server.PortOf("tunnels"), origin.Port);
        await TunnelRig.WaitUntilReachableAsync(server);
        var fields = string.Concat(Enumerable.Range(0, count).Select(i => $"x-{i}: {new string('v', length)}\r\n"));

        var response = await server.SendAsync($"GET / HTTP/1.1\r\nHost: a\r\n{fields}\r\n");

        Assert.Contains(response.Status, new[] { 200, 431, 502 });
        Assert.Equal(200, (await server.SendAsync(TunnelRig.Get())).Status);
        Assert.Single(server.LogLines, line => line.Contains("has a tunnel", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("/%00", 400)]
    [InlineData("/.well-known/reverse-tunnel/ready", 404)]
    [InlineData("/.well-known/reverse-tunnel/tcp/db", 404)]
    public async Task What_no_client_may_ask_for_gets_no_further_than_the_server(string path, int status)
    {
        await using var origin = TestUpstream.Start();
        await using var server = await TunnelRig.StartServerAsync();
        await using var agent = await TunnelRig.StartAgentAsync(server.PortOf("tunnels"), origin.Port);
        await TunnelRig.WaitUntilReachableAsync(server);
        var before = origin.Requests.Count;

        Assert.Equal(status, (await server.SendAsync(TunnelRig.Get(path))).Status);
        Assert.Equal(before, origin.Requests.Count);
    }

    [Fact]
    public async Task Streams_over_the_limit_wait_and_those_over_the_queue_are_refused()
    {
        var gate = new TaskCompletionSource();
        await using var origin = TestUpstream.Start(request => request.Target == "/slow" ? UpstreamResponse.After(gate.Task).Then(UpstreamResponse.Ok()) : UpstreamResponse.Ok());
        await using var server = await TunnelRig.StartServerAsync(handshake: "max_streams: 2", connector: "max_pending: 1, pending_timeout: 20s");
        await using var agent = await TunnelRig.StartAgentAsync(server.PortOf("tunnels"), origin.Port);
        await TunnelRig.WaitUntilReachableAsync(server);
        var slow = Enumerable.Range(0, 2).Select(_ => server.SendAsync(TunnelRig.Get("/slow"))).ToList();
        await origin.WaitForRequestsAsync(3);
        var further = Enumerable.Range(0, 2).Select(_ => server.SendAsync(TunnelRig.Get("/further"))).ToList();

        // One of them waits; whichever it is, the other has no place to.
        Assert.Equal(503, (await await Task.WhenAny(further)).Status);
        gate.SetResult();

        Assert.Equal([200, 503], (await Task.WhenAll(further)).Select(response => response.Status).Order());
        Assert.All(await Task.WhenAll(slow), response => Assert.Equal(200, response.Status));
    }

    [Fact]
    public async Task Hundreds_of_uploads_that_nobody_reads_do_not_stop_another()
    {
        const int Stalled = 200;
        await using var origin = TestUpstream.StartAtHead(async request =>
        {
            if (request.Target == "/stall")
            {
                return UpstreamResponse.Never();
            }

            await request.ReadBodyAsync();
            return UpstreamResponse.Ok($"{request.Body.Length}");
        });
        await using var server = await TunnelRig.StartServerAsync();
        await using var agent = await TunnelRig.StartAgentAsync(server.PortOf("tunnels"), origin.Port);
        await TunnelRig.WaitUntilReachableAsync(server);
        using var handler = new SocketsHttpHandler();
        using var client = new HttpClient(handler);
        using var stop = new CancellationTokenSource();
        var stalls = Enumerable.Range(0, Stalled).Select(_ => client.PostAsync($"http://127.0.0.1:{server.Port}/stall", new ByteArrayContent(new byte[1 << 20]), stop.Token)).ToList();
        await origin.WaitForRequestsAsync(Stalled + 1);

        using var response = await client.PostAsync($"http://127.0.0.1:{server.Port}/", new ByteArrayContent(new byte[4 << 20])).WaitAsync(TimeSpan.FromSeconds(30));

        Assert.Equal($"{4 << 20}", await response.Content.ReadAsStringAsync());
        await stop.CancelAsync();
        await Task.WhenAll(stalls).ContinueWith(static t => _ = t.Exception, TaskScheduler.Default);
    }
}
