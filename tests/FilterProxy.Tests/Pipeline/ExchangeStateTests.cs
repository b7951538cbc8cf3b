using System.Collections.Concurrent;
using FilterProxy.TestKit;
using Xunit;
using static FilterProxy.Tests.Pipeline.ScriptedProxy;

namespace FilterProxy.Tests.Pipeline;

public sealed class ExchangeStateTests
{
    private static readonly Slot<string> Slot = new("test", 3);

    [Fact]
    public async Task Nothing_a_filter_left_is_seen_by_the_next_request_of_the_connection()
    {
        var seen = new ConcurrentQueue<string>();
        var script = new Script
        {
            Request = x =>
            {
                seen.Enqueue($"{x.Metadata["a", "b"]}|{x.Get(Slot)}|{x.User?.Identity?.Name}|{x.HashKey}|{x.Attempt}|{x.Stats.Reason}");
                x.Metadata["a", "b"] = "left";
                x.Set(Slot, "left");
                x.User = new System.Security.Claims.ClaimsPrincipal(new System.Security.Claims.ClaimsIdentity([], "left", "left", "left"));
                x.HashKey = 7;
                return FilterStatus.Continue;
            },
        };
        await using var upstream = TestUpstream.Start();
        await using var proxy = await StartAsync(upstream, script);
        await using var client = await proxy.ConnectAsync();

        await client.RoundTripAsync(Get);
        await client.RoundTripAsync(Get);

        Assert.Equal(["|||0|0|", "|||0|0|"], seen);
    }

    [Fact]
    public async Task Exchanges_at_the_same_time_do_not_see_each_other()
    {
        var gate = new TaskCompletionSource();
        var first = new ConcurrentQueue<string?>();
        var script = new Script
        {
            Request = x =>
            {
                x.Set(Slot, x.Request.PathText);
                x.Metadata["a", "path"] = x.Request.PathText;
                return FilterStatus.Continue;
            },
            Response = x =>
            {
                first.Enqueue(x.Get(Slot));
                first.Enqueue(x.Metadata["a", "path"]);
            },
        };
        await using var upstream = TestUpstream.Start(async r =>
        {
            await (r.Target == "/slow" ? gate.Task : Task.CompletedTask);
            return UpstreamResponse.Ok();
        });
        await using var proxy = await StartAsync(upstream, script);
        var slow = proxy.SendAsync("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n");
        await upstream.WaitForRequestsAsync(1);

        await proxy.SendAsync("GET /fast HTTP/1.1\r\nHost: a\r\n\r\n");
        gate.SetResult();
        await slow;

        Assert.Equal(["/fast", "/fast", "/slow", "/slow"], first);
    }

    [Fact]
    public async Task Every_attempt_starts_from_the_request_and_not_from_the_last_attempt()
    {
        await using var down = TestUpstream.Start(_ => UpstreamResponse.CloseNow());
        await using var upstream = TestUpstream.Start();
        var script = new Script
        {
            Error = (_, _) => RetryAdvice.Retry,
            UpstreamRequest = (x, attempt) => attempt.Headers.Append("x-attempt", x.Attempt.ToString()),
        };
        await using var proxy = await StartAsync([down.Port, upstream.Port], [], [script]);

        await proxy.SendAsync(Get);
        await proxy.SendAsync(Get);

        Assert.NotEmpty(down.Requests);
        Assert.All(upstream.Requests, r => Assert.Single(r.Headers.Values("x-attempt")));
        Assert.Contains(upstream.Requests, r => r.Headers["x-attempt"] == "2");
    }

    [Theory]
    [InlineData(RetryAdvice.Retry, 200)]
    [InlineData(RetryAdvice.Default, 502)]
    [InlineData(RetryAdvice.Forbid, 502)]
    public async Task An_error_filter_decides_whether_a_failed_request_is_sent_again(RetryAdvice advice, int status)
    {
        var failures = new ConcurrentQueue<UpstreamFailure>();
        await using var down = TestUpstream.Start(_ => UpstreamResponse.CloseNow());
        await using var upstream = TestUpstream.Start();
        var script = new Script { Error = (_, failure) => Note(failures, failure, advice) };
        await using var proxy = await StartAsync([down.Port, upstream.Port], [], [script]);

        var worst = Math.Max((await proxy.SendAsync(Post)).Status, (await proxy.SendAsync(Post)).Status);

        Assert.Equal(status, worst);
        Assert.Contains(failures, f => f is { Reused: false, Error.Kind: ProxyErrorKind.UpstreamClosed });
    }

    [Fact]
    public async Task Forbid_of_one_error_filter_is_final()
    {
        await using var down = TestUpstream.Start(_ => UpstreamResponse.CloseNow());
        await using var upstream = TestUpstream.Start();
        await using var proxy = await StartAsync(
            [down.Port, upstream.Port], [], [new Script { Error = (_, _) => RetryAdvice.Forbid }, new Script { Error = (_, _) => RetryAdvice.Retry }]);

        Assert.Contains(502, new[] { (await proxy.SendAsync(Get)).Status, (await proxy.SendAsync(Get)).Status });
    }

    [Fact]
    public async Task The_first_peer_a_filter_names_is_used()
    {
        await using var one = TestUpstream.Start(_ => UpstreamResponse.Ok("one"));
        await using var two = TestUpstream.Start(_ => UpstreamResponse.Ok("two"));
        await using var proxy = await StartAsync(
            [one.Port, two.Port], [], [new Script(), new Script { Peer = x => x.Cluster!.Endpoints[1].Peer }, new Script { Peer = x => x.Cluster!.Endpoints[0].Peer }]);

        for (var i = 0; i < 3; i++)
        {
            Assert.Equal("two", (await proxy.SendAsync(Get)).Text);
        }
    }

    [Fact]
    public async Task A_blocking_filter_leaves_the_event_loop()
    {
        var (inside, isPool) = (0, false);
        await using var upstream = TestUpstream.Start();
        await using var proxy = await StartAsync(
            upstream,
            new Script(),
            new Script
            {
                Blocking = true,
                Request = _ =>
                {
                    (inside, isPool) = (Environment.CurrentManagedThreadId, Thread.CurrentThread.IsThreadPoolThread);
                    return FilterStatus.Continue;
                },
            });
        await using var client = await proxy.ConnectAsync();

        // In memory the proxy reads on the thread that sends: that one is the event loop.
        var sender = new Thread(() => Send(client));
        sender.Start();
        var response = await client.ReadResponseAsync();
        sender.Join();

        Assert.Equal(200, response.Status);
        Assert.True(isPool);
        Assert.NotEqual(sender.ManagedThreadId, inside);
    }

    private static void Send(RawClient client) => _ = client.SendAsync(Get);

    private static RetryAdvice Note(ConcurrentQueue<UpstreamFailure> failures, UpstreamFailure failure, RetryAdvice advice)
    {
        failures.Enqueue(failure);
        return advice;
    }
}
