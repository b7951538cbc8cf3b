using FilterProxy.ScenarioTests.Protocol;
using FilterProxy.TestKit;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace FilterProxy.ScenarioTests.Clusters;

/// <summary>Health checks against real sockets: what they send, and what they take for healthy.</summary>
public sealed class HealthCheckTests : Scenario
{
    [Theory]
    [InlineData("{ http: { path: /healthz } }", 200, "fine", true)]
    [InlineData("{ http: { path: /healthz } }", 503, "fine", false)]
    [InlineData("{ http: { path: /healthz, statuses: [200, 500-503] } }", 503, "fine", true)]
    [InlineData("{ http: { path: /healthz, body: \"fin\" } }", 200, "fine", true)]
    [InlineData("{ http: { path: /healthz, body: \"ready\" } }", 200, "fine", false)]
    [InlineData("tcp", 500, "", true)]
    public async Task An_answer_is_judged(string check, int status, string body, bool healthy)
    {
        await using var upstream = TestUpstream.Start(r => r.Target == "/healthz" ? UpstreamResponse.Create(status, body) : UpstreamResponse.Ok());
        await using var good = TestUpstream.Start(_ => UpstreamResponse.Ok("fine and ready"));
        await using var proxy = await StartAsync(check, upstream.Port);
        await Poll.UntilAsync(() => EndpointOf(proxy).IsHealthy == healthy && proxy.Engine.Snapshot!.Clusters["origin"].Monitor!.Probes > 0);
        Assert.Equal(healthy, EndpointOf(proxy).IsHealthy);
    }

    // What sends more than it should is not waited for, nor kept in memory; who sends it slowly has the time of a probe.
    [Theory]
    [InlineData("{ http: { path: /healthz } }", true)]
    [InlineData("{ http: { path: /healthz, body: ready } }", false)]
    public async Task An_answer_without_an_end_is_judged_all_the_same(string check, bool healthy)
    {
        await using var upstream = TestUpstream.Start(_ => UpstreamResponse.BeginChunked().ThenRun(async stream =>
        {
            var chunk = System.Text.Encoding.ASCII.GetBytes($"400\r\n{new string('x', 1024)}\r\n");
            while (true)
            {
                await stream.WriteAsync(chunk);
            }
        }));
        await using var proxy = await StartAsync(check, upstream.Port);
        await Poll.UntilAsync(() => proxy.Engine.Snapshot!.Clusters["origin"].Monitor!.Probes > 0);
        Assert.Equal(healthy, EndpointOf(proxy).IsHealthy);
    }

    [IPv6Fact]
    public async Task An_endpoint_may_have_an_IPv6_address()
    {
        await using var upstream = TestUpstream.StartAt(new System.Net.IPEndPoint(System.Net.IPAddress.IPv6Loopback, 0), r => UpstreamResponse.Ok(r.Headers["host"]!));
        await using var proxy = await TestProxy.StartAsync(
            $$"""
            routes: [ { name: all, cluster: origin } ]
            clusters: { origin: { endpoints: ["[::1]:{{upstream.Port}}"], health_check: { check: { http: {} }, interval: 100ms } } }
            """);
        await Poll.UntilAsync(() => proxy.Engine.Snapshot!.Clusters["origin"].Monitor!.Probes > 0);
        Assert.True(EndpointOf(proxy).IsHealthy);
        Assert.Equal("example.com", (await proxy.SendAsync(Get)).Text);
        Assert.Contains(upstream.Requests, request => request.Headers["host"] == $"[::1]:{upstream.Port}");
    }

    [Fact]
    public async Task Over_TLS_the_check_speaks_TLS_too()
    {
        using var certificate = new TestCertificate("localhost");
        await using var upstream = await Http2Upstream.StartAsync(
            context => context.Response.WriteAsync(context.Request.IsHttps ? "ready" : "plain"), certificate, Microsoft.AspNetCore.Server.Kestrel.Core.HttpProtocols.Http1);
        await using var proxy = await TestProxy.StartAsync(
            $$"""
            routes: [ { name: all, cluster: origin } ]
            clusters:
              origin:
                endpoints: ["127.0.0.1:{{upstream.Port}}"]
                tls: { server_name: localhost, ca: "{{certificate.CertPath}}" }
                health_check: { check: { http: { body: ready } }, interval: 100ms }
            """);
        await Poll.UntilAsync(() => proxy.Engine.Snapshot!.Clusters["origin"].Monitor!.Probes > 0);
        Assert.True(EndpointOf(proxy).IsHealthy, string.Join('\n', proxy.LogLines));
    }

    [Fact]
    public async Task A_probe_says_who_it_is_and_whom_it_asks()
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await StartAsync("{ http: { path: \"/h?x=1\", method: HEAD, host: app.example, headers: { x-a: b } } }", upstream.Port);
        await upstream.WaitForRequestsAsync(1);
        var probe = upstream.Requests[0];
        Assert.Equal(("HEAD", "/h?x=1", "app.example", "b", "filterproxy-health"), (probe.Method, probe.Target, probe.Headers["host"], probe.Headers["x-a"], probe.Headers["user-agent"]));
    }

    [Fact]
    public async Task Every_probe_has_a_connection_of_its_own()
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await StartAsync("{ http: {} }", upstream.Port);
        await upstream.WaitForRequestsAsync(3);
        Assert.True(upstream.Connections.Count >= 3);
    }

    [Theory]
    [InlineData("tcp")]
    [InlineData("{ http: {} }")]
    public async Task Who_cannot_be_reached_is_unhealthy(string check)
    {
        using var dead = new DeadPort();
        await using var proxy = await StartAsync(check, dead.Port);
        await Poll.UntilAsync(() => proxy.LogLines.Any(line => line.Contains("takes no traffic: health check failed: connection_refused")));
    }

    [Fact]
    public async Task A_port_of_its_own_may_be_asked()
    {
        await using var admin = TestUpstream.Start();
        await using var upstream = TestUpstream.Start();
        await using var proxy = await StartAsync($"{{ http: {{ port: {admin.Port} }} }}", upstream.Port);
        await admin.WaitForRequestsAsync(1);
        Assert.Empty(upstream.Requests);
    }

    [Fact]
    public async Task Tcp_may_ask_for_a_text()
    {
        await using var upstream = TestUpstream.Start(_ => UpstreamResponse.Create(204));
        await using var proxy = await StartAsync("{ tcp: { send: \"GET / HTTP/1.0\\r\\n\\r\\n\", expect: \" 200 \" } }", upstream.Port);
        await Poll.UntilAsync(() => proxy.LogLines.Any(line => line.Contains("health check failed: ")));
    }

    [Theory]
    [InlineData(1, true)]
    [InlineData(2, false)]
    public async Task Grpc_asks_the_health_service(int state, bool healthy)
    {
        byte[]? asked = null;
        await using var upstream = await Http2Upstream.StartAsync(async context =>
        {
            using var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body);
            asked = [.. body.ToArray()];
            context.Response.ContentType = "application/grpc";
            await context.Response.Body.WriteAsync(new byte[] { 0, 0, 0, 0, 2, 8, (byte)state });
            context.Response.AppendTrailer("grpc-status", "0");
        });
        await using var proxy = await StartAsync("{ grpc: { service: echo } }", upstream.Port, "protocol: h2c, ");
        await Poll.UntilAsync(() => proxy.Engine.Snapshot!.Clusters["origin"].Monitor!.Probes > 0 && EndpointOf(proxy).IsHealthy == healthy);
        Assert.Equal([0, 0, 0, 0, 6, 10, 4, .. "echo"u8], asked!);
    }

    [Fact]
    public async Task Traffic_avoids_what_is_unhealthy_and_comes_back()
    {
        var isDown = true;
        await using var sick = TestUpstream.Start(r => r.Target == "/" ? UpstreamResponse.Create(200, "sick") : UpstreamResponse.Create(isDown ? 500 : 200));
        await using var well = TestUpstream.Start(_ => UpstreamResponse.Create(200, "well"));
        await using var proxy = await TestProxy.StartAsync(
            $$"""
            routes: [ { name: all, cluster: origin } ]
            clusters:
              origin:
                load_balancer: round_robin
                endpoints: ["127.0.0.1:{{sick.Port}}", "127.0.0.1:{{well.Port}}"]
                health_check: { check: { http: { path: /h } }, interval: 100ms, timeout: 1s, healthy_after: 1 }
            """);
        await Poll.UntilAsync(() => proxy.Engine.Snapshot!.Clusters["origin"].Eligible.Groups.First().Levels[0].Set.Count == 1);
        for (var i = 0; i < 6; i++)
        {
            Assert.Equal("well", (await proxy.SendAsync(Get)).Text);
        }

        isDown = false;
        await Poll.UntilAsync(async () => (await proxy.SendAsync(Get)).Text == "sick");
    }

    private static Endpoint EndpointOf(TestProxy proxy) => proxy.Engine.Snapshot!.Clusters["origin"].Endpoints[0];

    private static Task<TestProxy> StartAsync(string check, int port, string more = "") => TestProxy.StartAsync(
        $$"""
        routes: [ { name: all, cluster: origin } ]
        clusters:
          origin: { {{more}}endpoints: ["127.0.0.1:{{port}}"], health_check: { check: {{check}}, interval: 100ms, timeout: 2s, unhealthy_after: 1 } }
        """);
}
