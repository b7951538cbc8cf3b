using System.Collections.Concurrent;
using FilterProxy.TestKit;
using Xunit;
using static FilterProxy.Tests.Pipeline.ScriptedProxy;

namespace FilterProxy.Tests.Pipeline;

public sealed class FilterFailureTests
{
    public static TheoryData<string> Phases => ["request", "peer", "upstream_request", "response", "use_request_body", "use_response_body", "request_body"];

    [Theory]
    [MemberData(nameof(Phases))]
    public async Task A_filter_that_throws_is_a_500_and_blamed_by_name(string phase)
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await StartAsync(upstream, new Script(), Failing(phase), new Script());

        var response = await proxy.SendAsync(Post);

        Assert.Equal(500, response.Status);
        Assert.Contains("filter_failed", response.Text);
        Assert.Contains("Error: Filter 'scripted/b' failed on route 'all'. boom", proxy.LogLines);
    }

    [Theory]
    [MemberData(nameof(Phases))]
    public async Task The_proxy_serves_on_after_a_filter_has_thrown(string phase)
    {
        var script = Failing(phase);
        await using var upstream = TestUpstream.Start();
        await using var proxy = await StartAsync(upstream, script);
        await proxy.SendAsync(Post);
        Disarm(script);

        Assert.Equal(200, (await proxy.SendAsync(Post)).Status);
    }

    [Fact]
    public async Task A_filter_that_throws_later_is_blamed_by_name_too()
    {
        await using var upstream = TestUpstream.Start();
        var late = new Script
        {
            RequestAsync = async _ =>
            {
                await Task.Yield();
                throw new InvalidOperationException("late");
            },
        };
        await using var proxy = await StartAsync(upstream, late, new Script());

        Assert.Equal(500, (await proxy.SendAsync(Get)).Status);
        Assert.Contains("Error: Filter 'scripted/a' failed on route 'all'. late", proxy.LogLines);
    }

    [Fact]
    public async Task The_filters_after_a_failing_response_filter_see_the_500()
    {
        var seen = new ConcurrentQueue<int>();
        await using var upstream = TestUpstream.Start();
        await using var proxy = await StartAsync(
            upstream, new Script { Response = x => seen.Enqueue(x.Response.StatusCode) }, Failing("response"), new Script { Response = x => seen.Enqueue(x.Response.StatusCode) });

        await proxy.SendAsync(Get);

        Assert.Equal([200, 500], seen);
    }

    [Fact]
    public async Task A_failing_logging_filter_does_not_stop_the_others()
    {
        var told = new ConcurrentQueue<string>();
        await using var upstream = TestUpstream.Start();
        await using var proxy = await StartAsync(
            upstream, new Script { Logging = _ => throw new InvalidOperationException("boom") }, new Script { Logging = x => told.Enqueue(x.Stats.Reason) });

        Assert.Equal(200, (await proxy.SendAsync(Get)).Status);

        await Poll.UntilAsync(() => !told.IsEmpty);
        Assert.Equal(["via_upstream"], told);
        Assert.Contains("Error: Filter 'scripted/a' failed on route 'all'. boom", proxy.LogLines);
    }

    [Fact]
    public async Task A_response_body_filter_that_throws_cuts_the_response()
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await StartAsync(upstream, Failing("response_body"));
        await using var client = await proxy.ConnectAsync();

        await Assert.ThrowsAnyAsync<Exception>(() => client.RoundTripAsync(Get));

        Assert.Contains("Error: Filter 'scripted/a' failed on route 'all'. boom", proxy.LogLines);
    }

    [Fact]
    public async Task Stop_with_a_reply_answers_without_an_upstream()
    {
        await using var upstream = TestUpstream.Start();
        var stop = new Script
        {
            Request = x =>
            {
                x.Reply(418, "teapot", "short"u8.ToArray(), "text/plain");
                x.Response.Headers.Set("x-kind", "pot");
                return FilterStatus.Stop;
            },
        };
        var later = 0;
        await using var proxy = await StartAsync(upstream, stop, new Script { Request = _ => (FilterStatus)(later++ * 0) });

        var response = await proxy.SendAsync(Get);

        Assert.Equal((418, "short", "text/plain", "pot"), (response.Status, response.Text, response.Headers["content-type"], response.Headers["x-kind"]));
        Assert.Empty(upstream.Requests);
        Assert.Equal(0, later);
    }

    [Fact]
    public async Task Stop_without_a_reply_is_a_500_and_blamed_by_name()
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await StartAsync(upstream, new Script { Request = _ => FilterStatus.Stop });

        Assert.Equal(500, (await proxy.SendAsync(Get)).Status);
        Assert.Contains(proxy.LogLines, line => line.Contains("'scripted/a'") && line.Contains("without calling Reply"));
        Assert.Empty(upstream.Requests);
    }

    private static Script Failing(string phase)
    {
        static Exception Boom() => new InvalidOperationException("boom");
        var script = new Script();
        switch (phase)
        {
            case "request":
                script.Request = _ => throw Boom();
                break;
            case "peer":
                script.Peer = _ => throw Boom();
                break;
            case "upstream_request":
                script.UpstreamRequest = (_, _) => throw Boom();
                break;
            case "response":
                script.Response = _ => throw Boom();
                break;
            case "use_request_body":
                script.UseRequestBody = _ => throw Boom();
                break;
            case "use_response_body":
                script.UseResponseBody = _ => throw Boom();
                break;
            case "request_body":
                script.UseRequestBody = _ => BodyUse.Observe;
                script.RequestBody = (_, _, _, _) => throw Boom();
                break;
            default:
                script.UseResponseBody = _ => BodyUse.Observe;
                script.ResponseBody = (_, _, _, _) => throw Boom();
                break;
        }

        return script;
    }

    private static void Disarm(Script script)
    {
        script.Request = null;
        script.Peer = null;
        script.UpstreamRequest = null;
        script.Response = null;
        script.UseRequestBody = null;
        script.UseResponseBody = null;
    }
}
