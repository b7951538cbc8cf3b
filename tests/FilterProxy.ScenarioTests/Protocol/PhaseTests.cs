using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.ScenarioTests.Protocol;

/// <summary>Every response passes response_filter once and every exchange is logged once, whatever becomes of it.</summary>
public sealed class PhaseTests : Scenario
{
    [Theory]
    [MemberData(nameof(AllTransports))]
    public async Task Whatever_is_answered_passes_response_filter_and_logging_once(TestTransport transport)
    {
        await using var upstream = TestUpstream.Start(r => r.Target == "/bad" ? UpstreamResponse.Raw("nonsense\r\n\r\n") : UpstreamResponse.Ok());
        await using var run = await Run.StartAsync(upstream.Port, transport);
        (string, int, string)[] cases =
        [
            (Get, 200, "via_upstream"),
            ("GET /reply HTTP/1.1\r\nHost: a\r\n\r\n", 418, "teapot"),
            ("GET /throw HTTP/1.1\r\nHost: a\r\n\r\n", 500, "filter_failed"),
            ("GET /stop HTTP/1.1\r\nHost: a\r\n\r\n", 500, "filter_failed"),
            ("GET / HTTP/1.1\r\nHost: elsewhere\r\n\r\n", 404, "no_route"),
            ("GET / HTTP/1.1\r\nHost: a\r\nExpect: nothing\r\n\r\n", 417, "expectation_failed"),
            ("GET /bad HTTP/1.1\r\nHost: a\r\n\r\n", 502, "bad_response"),
            ("GET /dead HTTP/1.1\r\nHost: dead\r\n\r\n", 502, "connect_failed"),
        ];
        if (!TestTransports.IsHttp2(transport))
        {
            // Over HTTP/2 the first is a field like others, and the second a stream without an exchange (Http2/DowngradeTests).
            cases =
            [
                .. cases,
                ("GET / HTTP/1.1\r\nHost: a\r\nbad\r\n\r\n", 400, "bad_request"),
                ("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n", 400, "bad_request"),
            ];
        }

        foreach (var (request, status, reason) in cases)
        {
            var response = await run.Proxy.SendAsync(request);

            Assert.Equal((status, "1"), (response.Status, response.Headers["X-Seen"]));
            await run.AssertRecordedAsync($"response {status}", $"log {status} {reason}");
        }
    }

    [Theory]
    [MemberData(nameof(AllTransports))]
    public async Task A_response_filter_that_throws_makes_one_500_that_the_others_see(TestTransport transport)
    {
        await using var upstream = TestUpstream.Start();
        await using var run = await Run.StartAsync(upstream.Port, transport);

        var response = await run.Proxy.SendAsync("GET /throw-late HTTP/1.1\r\nHost: a\r\n\r\n");

        Assert.Equal(500, response.Status);
        await run.AssertRecordedAsync("response 200", "log 500 filter_failed");
    }

    [Theory]
    [MemberData(nameof(AllTransports))]
    public async Task A_client_that_leaves_while_the_upstream_thinks_is_logged_once_and_the_upstream_told(TestTransport transport)
    {
        await using var upstream = TestUpstream.Start(_ => UpstreamResponse.Never());
        await using var run = await Run.StartAsync(upstream.Port, transport);
        await using (var client = await run.Proxy.ConnectAsync())
        {
            await client.SendAsync(Get);
            await upstream.WaitForRequestsAsync(1);
        }

        await upstream.Connections[0].Closed.WaitAsync(TimeSpan.FromSeconds(10));
        await run.AssertRecordedAsync("log 0 client_closed");
    }

    [Theory]
    [MemberData(nameof(AllTransports))]
    public async Task A_client_that_leaves_in_its_body_is_logged_once_and_the_upstream_told(TestTransport transport)
    {
        await using var upstream = TestUpstream.Start();
        await using var run = await Run.StartAsync(upstream.Port, transport);
        await using (var client = await run.Proxy.ConnectAsync())
        {
            await client.SendAsync("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhalf");
            await upstream.WaitForRequestsAsync(1);
        }

        await upstream.Connections[0].Closed.WaitAsync(TimeSpan.FromSeconds(10));
        Assert.False(upstream.Requests[0].IsComplete);
        await run.AssertRecordedAsync("log 0 client_closed");
    }

    [Theory]
    [MemberData(nameof(AllTransports))]
    public async Task A_client_that_leaves_while_it_is_answered_is_logged_once_and_the_upstream_told(TestTransport transport)
    {
        var gate = NewGate();
        await using var upstream = TestUpstream.Start(_ => UpstreamResponse.BeginChunked().ThenChunk("a").ThenWait(gate.Task).ThenHang());
        await using var run = await Run.StartAsync(upstream.Port, transport);
        await using (var client = await run.Proxy.ConnectAsync())
        {
            await client.SendAsync(Get);
            await client.ReadLineAsync();
        }

        await Poll.UntilAsync(() => run.Proxy.OpenConnections == 0);
        gate.SetResult();
        await upstream.Connections[0].Closed.WaitAsync(TimeSpan.FromSeconds(10));
        await run.AssertRecordedAsync("response 200", "log 200 client_closed");
    }

    /// <summary>A proxy with a recorder on everything.</summary>
    private sealed class Run(TestProxy proxy, string id) : IAsyncDisposable
    {
        public TestProxy Proxy => proxy;

        public static async Task<Run> StartAsync(int port, TestTransport transport)
        {
            var id = Guid.NewGuid().ToString("N");
            var proxy = await TestProxy.StartAsync(
                $$"""
                http: { filters: [ { recorder: { id: "{{id}}" } } ] }
                routes:
                  - { match: { host: [a, example.com] }, cluster: origin }
                  - { match: { host: dead }, cluster: dead }
                clusters:
                  origin: { endpoints: ["127.0.0.1:{{port}}"] }
                  dead: { endpoints: ["127.0.0.1:1"] }
                """,
                transport,
                typeof(RecorderFilter));
            return new Run(proxy, id);
        }

        /// <summary>Waits for the log and compares; then nothing more may come, which the next comparison would show.</summary>
        public async Task AssertRecordedAsync(params string[] expected)
        {
            var recording = RecorderFilter.Of(id);
            await Poll.UntilAsync(() => recording.Any(r => r.StartsWith("log ", StringComparison.Ordinal)));
            await Poll.UntilAsync(() => proxy.OpenConnections == 0);
            Assert.Equal(expected, recording.ToArray());
            recording.Clear();
        }

        public ValueTask DisposeAsync() => proxy.DisposeAsync();
    }
}
