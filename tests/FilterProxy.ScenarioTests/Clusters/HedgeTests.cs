using System.Diagnostics;
using FilterProxy.ScenarioTests.Protocol;
using FilterProxy.ScenarioTests.Telemetry;
using FilterProxy.TestKit;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace FilterProxy.ScenarioTests.Clusters;

/// <summary>Requests that wait too long for their answer and are sent to another endpoint as well.</summary>
public sealed class HedgeTests : Scenario
{
    private readonly ExchangeLog _log = new();

    [Theory]
    [InlineData(TestTransport.Sockets)]
    [InlineData(TestTransport.Direct)]
    [InlineData(TestTransport.H2c)]
    public async Task The_first_to_answer_wins_and_the_other_attempt_is_broken_off(TestTransport transport)
    {
        await using var slow = TestUpstream.Start(_ => UpstreamResponse.Never());
        await using var good = TestUpstream.Start(_ => UpstreamResponse.Ok("good"));
        await using var proxy = await StartAsync("retry: { hedge: { after: 20ms }, attempt_header: x-attempt }", transport, slow, good);
        await using var client = await proxy.ConnectAsync();
        for (var i = 0; i < 4; i++)
        {
            Assert.Equal("good", (await client.RoundTripAsync(Get)).Text);
        }

        var hedged = slow.Requests.Count;
        Assert.NotEqual(0, hedged);
        Assert.Equal(4 + hedged, await CountAttemptsAsync(4));
        Assert.Equal(hedged, good.Requests.Count(request => request.Headers["x-attempt"] == "2"));
        await Poll.UntilAsync(() => slow.Connections.All(connection => connection.ClosedByPeer));
        Assert.Single(good.Connections);
        Assert.Equal(hedged, proxy.Counts["filterproxy.upstream.hedges cluster=origin outcome=won"]);
        await AssertNothingIsHeldAsync(proxy);
    }

    [Fact]
    public async Task Over_HTTP2_the_streams_of_the_others_on_the_connection_live_on()
    {
        var reset = NewGate();
        var first = 0;
        RequestDelegate handler = async context =>
        {
            if (Interlocked.Increment(ref first) == 1)
            {
                context.RequestAborted.Register(() => reset.TrySetResult());
                await reset.Task;
            }

            await context.Response.WriteAsync("good");
        };
        await using var one = await Http2Upstream.StartAsync(handler);
        await using var two = await Http2Upstream.StartAsync(handler);
        await using var proxy = await _log.StartAsync(
            $"\"127.0.0.1:{one.Port}\", \"127.0.0.1:{two.Port}\"", cluster: "protocol: h2c, retry: { hedge: { after: 20ms } }");
        Assert.Equal("good", (await proxy.SendAsync(Get)).Text);
        Assert.Equal(2, (await _log.NextAsync()).Attempts);
        await reset.Task.WaitAsync(TimeSpan.FromSeconds(10));
        for (var i = 0; i < 4; i++)
        {
            Assert.Equal("good", (await proxy.SendAsync(Get)).Text);
        }

        Assert.Equal((1, 1), (one.Connections, two.Connections));
        await AssertNothingIsHeldAsync(proxy);
    }

    [Fact]
    public async Task The_first_attempt_may_still_win_and_the_second_is_broken_off()
    {
        var asked = NewGate();
        await using var slow = TestUpstream.Start(async _ =>
        {
            await asked.Task;
            return UpstreamResponse.Ok("slow");
        });
        await using var never = TestUpstream.Start(_ =>
        {
            asked.TrySetResult();
            return UpstreamResponse.Never();
        });
        await using var proxy = await StartAsync("load_balancer: first_available, retry: { hedge: { after: 20ms } }", TestTransport.Sockets, slow, never);
        await using var client = await proxy.ConnectAsync();
        Assert.Equal("slow", (await client.RoundTripAsync(Get)).Text);
        Assert.Equal("slow", (await client.RoundTripAsync(Get)).Text);
        Assert.Equal(2, (await _log.NextAsync()).Attempts);
        Assert.Single(slow.Connections);
        await Poll.UntilAsync(() => never.Connections[0].ClosedByPeer);
        Assert.Equal(1, proxy.Counts["filterproxy.upstream.hedges cluster=origin outcome=lost"]);
        await AssertNothingIsHeldAsync(proxy);
    }

    [Theory]
    [InlineData("POST", "")]
    [InlineData("DELETE", "")]
    [InlineData("PUT", "hello")]
    [InlineData("GET", "hello")]
    [InlineData("GET", "", "affinity: { header: x-session }")]
    [InlineData("GET", "", "", "methods: [HEAD], ")]
    public async Task What_changes_something_or_has_a_body_or_belongs_to_an_endpoint_is_sent_once(string method, string body, string cluster = "", string policy = "")
    {
        await using var upstream = TestUpstream.Start(async _ =>
        {
            await Task.Delay(100);
            return UpstreamResponse.Ok();
        });
        await using var other = TestUpstream.Start();
        await using var proxy = await StartAsync(
            $"load_balancer: first_available, retry: {{ {policy}hedge: {{ after: 5ms }} }}{(cluster.Length > 0 ? ", " + cluster : "")}", TestTransport.Sockets, upstream, other);
        var length = body.Length > 0 ? $"Content-Length: {body.Length}\r\n" : "";
        await proxy.SendAsync($"{method} / HTTP/1.1\r\nHost: a\r\n{length}\r\n{body}");
        Assert.Equal(1, (await _log.NextAsync()).Attempts);
        Assert.Empty(other.Requests);
    }

    [Fact]
    public async Task Once_an_answer_has_begun_nothing_is_sent_beside_it()
    {
        var rest = NewGate();
        await using var upstream = TestUpstream.Start(_ => UpstreamResponse.Raw("HTTP/1.1 200 O").ThenWait(rest.Task).Then(UpstreamResponse.Raw("K\r\nContent-Length: 2\r\n\r\nok")));
        await using var other = TestUpstream.Start(_ => UpstreamResponse.Ok("other"));
        await using var proxy = await StartAsync("load_balancer: first_available, retry: { hedge: { after: 2s } }", TestTransport.Sockets, upstream, other);
        var response = proxy.SendAsync(Get);
        await Task.WhenAny(response, Task.Delay(2300));
        rest.SetResult();
        Assert.Equal("ok", (await response).Text);
        Assert.Equal(1, (await _log.NextAsync()).Attempts);
        Assert.Empty(other.Requests);
    }

    [Fact]
    public async Task A_server_error_does_not_win_while_the_other_attempt_may_still_answer()
    {
        var asked = NewGate();
        await using var slow = TestUpstream.Start(async _ =>
        {
            await asked.Task;
            await Task.Delay(50);
            return UpstreamResponse.Ok("slow");
        });
        await using var bad = TestUpstream.Start(_ =>
        {
            asked.TrySetResult();
            return UpstreamResponse.Create(503);
        });
        await using var proxy = await StartAsync("load_balancer: first_available, retry: { hedge: { after: 10ms } }", TestTransport.Sockets, slow, bad);
        var response = await proxy.SendAsync(Get);
        Assert.Equal((200, "slow"), (response.Status, response.Text));
        Assert.Equal(2, (await _log.NextAsync()).Attempts);
    }

    [Theory]
    [InlineData(true, 502)]
    [InlineData(false, 503)]
    public async Task When_both_fail_the_client_gets_the_last_answer(bool breaks, int status)
    {
        var asked = NewGate();
        await using var one = TestUpstream.Start(async _ =>
        {
            await asked.Task;
            return breaks ? UpstreamResponse.ResetNow() : UpstreamResponse.Create(503);
        });
        await using var two = TestUpstream.Start(_ =>
        {
            asked.TrySetResult();
            return breaks ? UpstreamResponse.CloseNow() : UpstreamResponse.Create(503);
        });
        await using var proxy = await StartAsync("load_balancer: first_available, retry: { retries: 0, hedge: { after: 10ms } }", TestTransport.Sockets, one, two);
        Assert.Equal(status, (await proxy.SendAsync(Get)).Status);
        Assert.Equal(2, (await _log.NextAsync()).Attempts);
        await AssertNothingIsHeldAsync(proxy);
    }

    [Fact]
    public async Task A_client_that_leaves_ends_both_attempts()
    {
        await using var one = TestUpstream.Start(_ => UpstreamResponse.Never());
        await using var two = TestUpstream.Start(_ => UpstreamResponse.Never());
        await using var proxy = await StartAsync("retry: { hedge: { after: 10ms } }", TestTransport.Sockets, one, two);
        await using (var client = await proxy.ConnectAsync())
        {
            await client.SendAsync(Get);
            await one.WaitForRequestsAsync(1);
            await two.WaitForRequestsAsync(1);
        }

        await Poll.UntilAsync(() => one.Connections[0].ClosedByPeer && two.Connections[0].ClosedByPeer);
        Assert.Equal(2, (await _log.NextAsync()).Attempts);
        await AssertNothingIsHeldAsync(proxy);
    }

    [Theory]
    [InlineData("retry: { budget_percent: 0, budget_min: 1, hedge: { after: 10ms } }", "cluster.retry.budget")]
    [InlineData("retry: { hedge: { after: 10ms } }, limits: { max_retries: 1 }", "cluster.limits.max_retries")]
    public async Task Hedges_count_as_retries(string cluster, string limit)
    {
        var gate = NewGate();
        Func<UpstreamRequest, Task<UpstreamResponse>> handler = async _ =>
        {
            await gate.Task;
            return UpstreamResponse.Ok();
        };
        await using var one = TestUpstream.Start(handler);
        await using var two = TestUpstream.Start(handler);
        await using var proxy = await StartAsync(cluster, TestTransport.Sockets, one, two);
        var responses = Enumerable.Range(0, 3).Select(_ => proxy.SendAsync(Get)).ToList();
        await Poll.UntilAsync(() => proxy.Counts.GetValueOrDefault($"filterproxy.limit.reached limit={limit}") == 2);
        await Poll.UntilAsync(() => one.Requests.Count + two.Requests.Count == 4);
        gate.SetResult();
        Assert.All(await Task.WhenAll(responses), response => Assert.Equal(200, response.Status));
        await AssertNothingIsHeldAsync(proxy);
    }

    [Fact]
    public async Task A_percentile_of_the_answers_before_says_when()
    {
        var asked = 0;
        var second = NewGate();
        Func<UpstreamRequest, Task<UpstreamResponse>> handler = async request =>
        {
            if (request.Target == "/slow" && Interlocked.Increment(ref asked) == 1)
            {
                await second.Task;
            }

            return UpstreamResponse.Ok();
        };
        await using var one = TestUpstream.Start(handler);
        await using var two = TestUpstream.Start(handler);
        await using var proxy = await StartAsync("retry: { hedge: { after_percentile: 95 } }", TestTransport.Sockets, one, two);
        await using var client = await proxy.ConnectAsync();
        for (var i = 0; i < 110; i++)
        {
            await client.RoundTripAsync(Get);
        }

        var rule = proxy.Engine.Snapshot!.Clusters["origin"].Guard.Retry!.Hedge!;
        await Poll.UntilAsync(() => rule.DelayAt(proxy.Engine.Services.Heartbeat.Now) > 0);
        Assert.Equal(200, (await client.RoundTripAsync("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")).Status);
        Assert.Equal(2, asked);
        second.SetResult();
    }

    [Fact]
    public async Task Both_attempts_are_in_the_trace()
    {
        using var spans = new Spans();
        await using var slow = TestUpstream.Start(_ => UpstreamResponse.Never());
        await using var good = TestUpstream.Start();
        await using var proxy = await TestProxy.StartAsync(
            $$"""
            telemetry: { tracing: { parent: any } }
            routes: [ { name: all, cluster: origin } ]
            clusters: { origin: { load_balancer: first_available, endpoints: ["127.0.0.1:{{slow.Port}}", "127.0.0.1:{{good.Port}}"], retry: { hedge: { after: 10ms } } } }
            """);
        var trace = ActivityTraceId.CreateRandom().ToString();
        Assert.Equal(200, (await proxy.SendAsync($"GET / HTTP/1.1\r\nHost: a\r\ntraceparent: 00-{trace}-00f067aa0ba902b7-01\r\n\r\n")).Status);
        await Poll.UntilAsync(() => spans.Of(trace).Count == 3);
        var attempts = spans.Of(trace).Where(span => span.Kind == ActivityKind.Client).ToDictionary(span => (int)span.GetTagItem("server.port")!);
        Assert.Equal(("hedge_lost", null), (attempts[slow.Port].GetTagItem("filterproxy.outcome"), attempts[slow.Port].GetTagItem("http.response.status_code")));
        Assert.Equal((null, 200), (attempts[good.Port].GetTagItem("filterproxy.outcome"), attempts[good.Port].GetTagItem("http.response.status_code")));
    }

    private static Task AssertNothingIsHeldAsync(TestProxy proxy)
    {
        var cluster = proxy.Engine.Snapshot!.Clusters["origin"];
        return Poll.UntilAsync(() => cluster.Endpoints.Span.ToArray().All(endpoint => endpoint.InFlight == 0)
            && cluster.Guard.Retry!.Budget.Active == 0 && cluster.Guard.Retries.Active == 0);
    }

    private async Task<int> CountAttemptsAsync(int exchanges)
    {
        var attempts = 0;
        for (var i = 0; i < exchanges; i++)
        {
            attempts += (await _log.NextAsync()).Attempts;
        }

        return attempts;
    }

    private Task<TestProxy> StartAsync(string cluster, TestTransport transport, params TestUpstream[] upstreams)
    {
        var endpoints = string.Join(", ", upstreams.Select(upstream => $"\"127.0.0.1:{upstream.Port}\""));
        var balancer = cluster.Contains("load_balancer", StringComparison.Ordinal) ? "" : "load_balancer: round_robin, ";
        return TestProxy.StartAsync(
            $$"""
            http: { filters: [ {{_log.Filter}} ] }
            routes: [ { name: all, cluster: origin } ]
            clusters: { origin: { {{balancer}}endpoints: [{{endpoints}}], {{cluster}} } }
            """,
            transport,
            typeof(ExchangeLogFilter));
    }
}
