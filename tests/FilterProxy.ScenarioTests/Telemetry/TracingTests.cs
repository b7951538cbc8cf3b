using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.ScenarioTests.Telemetry;

public sealed class TracingTests
{
    private const string Span = "b7ad6b7169203331";

    // Every test has a trace of its own: spans of all proxies in the process come to the same listener.
    private readonly string _trace = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));

    [Theory]
    [InlineData(TestTransport.Direct, "http1")]
    [InlineData(TestTransport.H2c, "http1")]
    public async Task The_trace_goes_from_the_client_through_the_proxy_to_the_upstream(TestTransport transport, string protocol)
    {
        using var spans = new Spans();
        await using var upstream = TestUpstream.Start();
        await using var proxy = await StartAsync("{ parent: any }", upstream.Port, transport, protocol);

        await proxy.SendAsync($"GET /a?secret=1 HTTP/1.1\r\nHost: a\r\ntraceparent: 00-{_trace}-{Span}-01\r\ntracestate: x=y\r\n\r\n");

        await Poll.UntilAsync(() => spans.Of(_trace).Count == 2);
        var server = spans.Of(_trace).Single(s => s.Kind == ActivityKind.Server);
        var client = spans.Of(_trace).Single(s => s.Kind == ActivityKind.Client);
        Assert.Equal(Span, server.ParentSpanId.ToString());
        Assert.Equal(server.SpanId, client.ParentSpanId);
        Assert.Equal($"00-{_trace}-{client.SpanId}-01", upstream.Requests[0].Headers["traceparent"]);
        Assert.Equal("x=y", upstream.Requests[0].Headers["tracestate"]);
        Assert.Equal("GET all", server.DisplayName);
        Assert.Equal(200, server.GetTagItem("http.response.status_code"));
        Assert.Equal("/a", server.GetTagItem("url.path"));
        Assert.Equal("origin", client.GetTagItem("filterproxy.cluster"));
        Assert.InRange(client.StartTimeUtc, server.StartTimeUtc.AddMilliseconds(-5), server.StartTimeUtc + server.Duration);
        Assert.Equal(
            ["request_filter", "route", "route.request_filter", "upstream_peer", "connect", "upstream", "response_filter", "send"],
            server.Events.Select(e => e.Name));
    }

    [Fact]
    public async Task A_client_that_is_not_trusted_keeps_its_trace_and_decides_nothing()
    {
        using var spans = new Spans();
        await using var upstream = TestUpstream.Start();
        await using var proxy = await StartAsync("{ ratio: 0 }", upstream.Port);

        await proxy.SendAsync($"GET / HTTP/1.1\r\nHost: a\r\ntraceparent: 00-{_trace}-{Span}-01\r\n\r\n");

        Assert.Equal($"00-{_trace}-{Span}-00", upstream.Requests[0].Headers["traceparent"]);
        Assert.Empty(spans.Of(_trace));
    }

    [Fact]
    public async Task A_trace_that_begins_here_is_told_upstream_without_a_stray_tracestate()
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await StartAsync("{ ratio: 0, propagation: [w3c, b3] }", upstream.Port);

        await proxy.SendAsync("GET / HTTP/1.1\r\nHost: a\r\ntraceparent: nonsense\r\ntracestate: x=y\r\n\r\n");

        var parent = upstream.Requests[0].Headers["traceparent"]!;
        Assert.Matches("^00-[0-9a-f]{32}-[0-9a-f]{16}-00$", parent);
        Assert.Equal(parent[3..52] + "-0", upstream.Requests[0].Headers["b3"]);
        Assert.Null(upstream.Requests[0].Headers["tracestate"]);
    }

    [Theory]
    [InlineData("b3", "b3: {0}-{1}-1", "b3", "^{0}-[0-9a-f]{{16}}-1$")]
    [InlineData("b3_multi", "X-B3-TraceId: {0}\r\nX-B3-SpanId: {1}\r\nX-B3-Sampled: 1", "x-b3-traceid", "^{0}$")]
    public async Task A_trace_of_B3_goes_on_in_both_of_its_forms(string format, string fields, string field, string expected)
    {
        using var spans = new Spans();
        await using var upstream = TestUpstream.Start();
        await using var proxy = await StartAsync($"{{ ratio: 0, parent: any, propagation: [{format}] }}", upstream.Port);

        await proxy.SendAsync($"GET / HTTP/1.1\r\nHost: a\r\n{string.Format(fields, _trace, Span)}\r\n\r\n");

        await Poll.UntilAsync(() => spans.Of(_trace).Count == 2);
        Assert.Equal(Span, spans.Of(_trace).Single(s => s.Kind == ActivityKind.Server).ParentSpanId.ToString());
        Assert.Matches(string.Format(expected, _trace), upstream.Requests[0].Headers[field]);
        Assert.Equal(format == "b3" ? null : "1", upstream.Requests[0].Headers["x-b3-sampled"]);
        Assert.Null(upstream.Requests[0].Headers["traceparent"]);
    }

    [Fact]
    public async Task A_filter_is_an_event_of_the_span_in_its_phase()
    {
        using var spans = new Spans();
        await using var proxy = await TestProxy.StartAsync(
            "http: { filters: [ no_op ] }\ntelemetry: { tracing: { parent: any } }\nroutes: [ { respond: {} } ]", TestTransport.Direct, typeof(NoOpFilter));

        await proxy.SendAsync($"GET / HTTP/1.1\r\nHost: a\r\ntraceparent: 00-{_trace}-{Span}-01\r\n\r\n");

        await Poll.UntilAsync(() => spans.Of(_trace).Count == 1);
        var call = spans.Of(_trace)[0].Events.First(e => e.Name == "filter no_op");
        Assert.Contains(call.Tags, tag => tag is { Key: "filterproxy.phase", Value: "request_filter" });
        Assert.Contains(call.Tags, tag => tag is { Key: "filterproxy.duration_ms", Value: >= 0.0 });
    }

    [Fact]
    public async Task Without_tracing_the_headers_pass_as_they_are()
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await TestProxy.StartAsync(upstream.Port);

        await proxy.SendAsync("GET / HTTP/1.1\r\nHost: a\r\ntraceparent: whatever\r\nb3: 0\r\n\r\n");

        Assert.Equal(("whatever", "0"), (upstream.Requests[0].Headers["traceparent"], upstream.Requests[0].Headers["b3"]));
    }

    [Fact]
    public async Task A_failure_is_recorded_with_its_attempts_although_nothing_was_to_be()
    {
        using var spans = new Spans();
        using var dead = new DeadPort();
        await using var proxy = await TestProxy.StartAsync(
            $$"""
            telemetry: { tracing: { ratio: 0, errors: true } }
            routes: [ { name: all, match: { path: /a }, cluster: origin }, { name: fine, match: { path: /fine }, respond: { status: 204 } } ]
            clusters: { origin: { endpoints: ["127.0.0.1:{{dead.Port}}", "127.0.0.2:{{dead.Port}}"] } }
            """);
        var fine = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));
        await proxy.SendAsync($"GET /fine HTTP/1.1\r\nHost: a\r\ntraceparent: 00-{fine}-{Span}-00\r\n\r\n");
        await proxy.SendAsync($"GET /a HTTP/1.1\r\nHost: a\r\ntraceparent: 00-{_trace}-{Span}-00\r\n\r\n");

        await Poll.UntilAsync(() => spans.Of(_trace).Count == 3);
        var server = spans.Of(_trace).Single(s => s.Kind == ActivityKind.Server);
        Assert.Equal((ActivityStatusCode.Error, "connect_failed"), (server.Status, server.GetTagItem("error.type")));
        Assert.Contains(server.Events, e => e.Name == "retry");
        Assert.All(spans.Of(_trace).Where(s => s.Kind == ActivityKind.Client), s => Assert.Equal("connect_failed", s.GetTagItem("error.type")));
        Assert.Empty(spans.Of(fine));
    }

    [Fact]
    public async Task A_signed_request_is_debugged_and_its_header_goes_no_further()
    {
        const string Key = "0123456789abcdef";
        await using var upstream = TestUpstream.Start();
        await using var proxy = await TestProxy.StartAsync(
            $$"""
            http: { filters: [ no_op ] }
            telemetry: { debug: { key: {{Key}} } }
            routes: [ { name: all, cluster: origin } ]
            clusters: { origin: { endpoints: ["127.0.0.1:{{upstream.Port}}"] } }
            """,
            TestTransport.Direct,
            typeof(NoOpFilter));
        var expires = $"{DateTimeOffset.UtcNow.AddMinutes(1).ToUnixTimeSeconds()}";
        var mac = Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.ASCII.GetBytes(Key), Encoding.ASCII.GetBytes(expires)));

        await proxy.SendAsync($"GET /a HTTP/1.1\r\nHost: a\r\nX-FilterProxy-Debug: {expires}.{mac}\r\n\r\n");
        await proxy.SendAsync($"GET /b HTTP/1.1\r\nHost: a\r\nX-FilterProxy-Debug: {expires}.{mac.Replace(mac[0], mac[0] == '0' ? '1' : '0')}\r\n\r\n");

        await Poll.UntilAsync(() => proxy.LogLines.Any(line => line.Contains("Debugged exchange", StringComparison.Ordinal)));
        var line = proxy.LogLines.Single(line => line.Contains("Debugged exchange", StringComparison.Ordinal));
        Assert.Matches(@"GET /a on route 'all' got 200 \(via_upstream\) in .* ms: request_filter [\d.]+ \(no_op [\d.]+\) \| route .* \| upstream [\d.]+ \[200\] \| response_filter".Replace(" ms:", @" ms\. Phases, in ms:"), line);
        Assert.All(upstream.Requests, request => Assert.Null(request.Headers["x-filterproxy-debug"]));
    }

    private static Task<TestProxy> StartAsync(string tracing, int port, TestTransport transport = TestTransport.Direct, string protocol = "http1") => TestProxy.StartAsync(
        $$"""
        telemetry: { tracing: {{tracing}} }
        routes: [ { name: all, cluster: origin } ]
        clusters: { origin: { endpoints: ["127.0.0.1:{{port}}"], protocol: {{protocol}} } }
        """,
        transport);
}
