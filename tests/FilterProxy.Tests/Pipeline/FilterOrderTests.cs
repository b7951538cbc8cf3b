using System.Collections.Concurrent;
using FilterProxy.TestKit;
using Xunit;
using static FilterProxy.Tests.Pipeline.ScriptedProxy;

namespace FilterProxy.Tests.Pipeline;

public sealed class FilterOrderTests
{
    private readonly ConcurrentQueue<string> _calls = new();

    [Fact]
    public async Task Requests_and_logging_run_in_list_order_responses_in_reverse()
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await StartAsync([upstream.Port], [Recorder("g"), Recorder("h")], [Recorder("a"), Recorder("b")]);

        await proxy.SendAsync(Get);

        await Poll.UntilAsync(() => _calls.Count == 16);
        Assert.Equal("request g h a b", Of("request"));
        Assert.Equal("upstream g h a b", Of("upstream"));
        Assert.Equal("response b a h g", Of("response"));
        Assert.Equal("logging g h a b", Of("logging"));
    }

    [Fact]
    public async Task Request_body_filters_run_in_list_order_each_on_what_the_last_one_wrote()
    {
        await using var upstream = TestUpstream.Start(r => UpstreamResponse.Ok(r.Text));
        await using var proxy = await StartAsync(upstream, Appender("a", request: true), Appender("b", request: true));

        Assert.Equal("helloab", (await proxy.SendAsync(Post)).Text);
    }

    [Fact]
    public async Task Response_body_filters_run_in_reverse_each_on_what_the_last_one_wrote()
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await StartAsync(upstream, Appender("a", request: false), Appender("b", request: false));

        Assert.Equal("okba", (await proxy.SendAsync(Get)).Text);
    }

    [Fact]
    public async Task An_exchange_without_a_route_passes_the_response_and_logging_phases_of_the_defaults()
    {
        await using var proxy = await TestProxy.StartAsync(
            $$"""
            http: { route_filters: [ { scripted/a: { script: "{{Recorder("a").Id}}" } } ] }
            routes: [ { name: one, match: { path: /only }, respond: { status: 204 } } ]
            clusters: {}
            """,
            TestTransport.Memory,
            typeof(ScriptedFilter));

        Assert.Equal(404, (await proxy.SendAsync(Get)).Status);

        await Poll.UntilAsync(() => _calls.Count == 2);
        Assert.Equal(["response a", "logging a"], _calls);
    }

    [Fact]
    public async Task A_request_that_cannot_be_read_passes_the_response_and_logging_phases()
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await StartAsync(upstream, Recorder("a"));

        Assert.Equal(400, (await proxy.SendAsync("GET / HTTP/1.1\r\nHost: a\r\nbad header: x\r\n\r\n")).Status);

        await Poll.UntilAsync(() => _calls.Count == 2);
        Assert.Equal(["response a", "logging a"], _calls);
    }

    private Script Recorder(string name) => new()
    {
        Request = _ => Note("request", name),
        UpstreamRequest = (_, _) => Note("upstream", name),
        Response = _ => Note("response", name),
        Logging = _ => Note("logging", name),
    };

    private static Script Appender(string name, bool request)
    {
        var script = new Script();
        if (request)
        {
            script.UseRequestBody = _ => BodyUse.Transform;
            script.RequestBody = (_, data, end, output) => BodyPieces.Append(data, end, output!, name);
        }
        else
        {
            script.UseResponseBody = _ => BodyUse.Transform;
            script.ResponseBody = (_, data, end, output) => BodyPieces.Append(data, end, output!, name);
        }

        return script;
    }

    private FilterStatus Note(string phase, string name)
    {
        _calls.Enqueue($"{phase} {name}");
        return FilterStatus.Continue;
    }

    private string Of(string phase) => phase + string.Concat(_calls.Where(c => c.StartsWith(phase)).Select(c => c[phase.Length..]));
}
