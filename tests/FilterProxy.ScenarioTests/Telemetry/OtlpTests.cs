using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using FilterProxy.ScenarioTests.Executable;
using FilterProxy.ScenarioTests.NextJs;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.ScenarioTests.Telemetry;

/// <summary>The program sends what OpenTelemetry collectors take.</summary>
public sealed class OtlpTests
{
    private const string Trace = "0af7651916cd43dd8448eb211c80319c";
    private const string Span = "b7ad6b7169203331";
    private static readonly string Request = $"GET /a HTTP/1.1\r\nHost: a\r\ntraceparent: 00-{Trace}-{Span}-01\r\n\r\n";

    [Fact]
    public async Task A_receiver_gets_spans_and_metrics_with_the_context_of_client_and_upstream()
    {
        await using var receiver = await OtlpReceiver.StartAsync();
        await using var upstream = TestUpstream.Start();
        var port = ServerProcess.FreePort();
        using var file = ConfigFile.Forwarding(port, upstream.Port,
            $$"""telemetry: { tracing: { parent: any }, otlp: { endpoint: "{{receiver.Url}}", metrics_interval: 1s, headers: { x-token: abc } } }""");
        await using var proxy = ProxyProcess.Start("run", "-c", file.Path);
        await proxy.ReadyAsync();
        await using (var client = await RawClient.ConnectAsync(port))
        {
            Assert.Equal(200, (await client.RoundTripAsync(Request)).Status);
        }

        await Poll.UntilAsync(() => receiver.Spans.Count >= 2);
        var server = receiver.Spans.Single(span => span.Number(6) == 2);
        var attempt = receiver.Spans.Single(span => span.Number(6) == 3);
        Assert.Equal((Trace, Span), (server.Hex(1), server.Hex(4)));
        Assert.Equal((Trace, server.Hex(2)), (attempt.Hex(1), attempt.Hex(4)));
        Assert.Equal($"00-{Trace}-{attempt.Hex(2)}-01", upstream.Requests[0].Headers["traceparent"]);
        Assert.Equal("200", server.Attributes(9)["http.response.status_code"]);
        Assert.Equal("all", server.Attributes(9)["filterproxy.route"]);
        Assert.Contains("upstream", server.All(11).Select(e => e.Text(2)));
        Assert.Equal("filterproxy", receiver.Resource["service.name"]);
        Assert.Contains("x-token: abc", receiver.LastHeaders, StringComparison.OrdinalIgnoreCase);

        // A histogram is recorded from the moment somebody listens: the next exchange is in it for sure.
        await Poll.UntilAsync(() => receiver.Metrics.Any(metric => metric.Text(1) == "http.server.request.duration"), TimeSpan.FromSeconds(20));
        var point = receiver.Metrics.First(metric => metric.Text(1) == "http.server.request.duration").Below(9, 1).First();
        Assert.Equal(("all", "origin", "200"), (point.Attributes(9)["route"], point.Attributes(9)["cluster"], point.Attributes(9)["http.response.status_code"]));
        Assert.Equal(1UL, point.Number(4));
        Assert.Contains(receiver.Metrics, metric => metric.Text(1) == "filterproxy.config.version");
        Assert.Contains(receiver.Metrics, metric => metric.Text(1) == "dotnet.gc.collections");
    }

    [Fact]
    public async Task A_receiver_that_never_answers_slows_no_request_and_what_is_lost_is_counted()
    {
        // It accepts and says nothing.
        using var deaf = new Socket(SocketType.Stream, ProtocolType.Tcp);
        deaf.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        deaf.Listen(16);
        await using var upstream = TestUpstream.Start();
        var port = ServerProcess.FreePort();
        using var file = ConfigFile.Forwarding(port, upstream.Port,
            $$"""telemetry: { tracing: { ratio: 1 }, otlp: { endpoint: "http://127.0.0.1:{{((IPEndPoint)deaf.LocalEndPoint!).Port}}", queue: 64, timeout: 2s, metrics: false } }""");
        await using var proxy = ProxyProcess.Start("run", "-c", file.Path);
        await proxy.ReadyAsync();
        await using var client = await RawClient.ConnectAsync(port);
        var times = new List<TimeSpan>();
        for (var i = 0; i < 200; i++)
        {
            var began = Stopwatch.GetTimestamp();
            Assert.Equal(200, (await client.RoundTripAsync(Request)).Status);
            times.Add(Stopwatch.GetElapsedTime(began));
        }

        // Who waited for the receiver would have waited for its timeout.
        Assert.InRange(times.Order().ElementAt(times.Count * 3 / 4), TimeSpan.Zero, TimeSpan.FromSeconds(1));
        await Poll.UntilAsync(() => proxy.Error.Contains("Spans are lost (", StringComparison.Ordinal), TimeSpan.FromSeconds(30));
        proxy.Signal(ProxyProcess.SigTerm);
        Assert.Equal(0, await proxy.ExitAsync());
    }
}
