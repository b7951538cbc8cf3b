using FilterProxy.ScenarioTests.Executable;
using FilterProxy.ScenarioTests.NextJs;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.ScenarioTests.Telemetry;

/// <summary>The example conf/examples/observability.yaml with what stands around it: a real Prometheus, and a receiver of OTLP.</summary>
public sealed class PrometheusTests
{
    private const string Trace = "2af7651916cd43dd8448eb211c80319c";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [PrometheusFact]
    public async Task Rate_error_ratio_and_latency_are_there_per_route_cluster_and_endpoint_and_traces_are_sent()
    {
        await using var receiver = await OtlpReceiver.StartAsync();
        await using var api = TestUpstream.Start(request => request.Target == "/api/bad"
            ? UpstreamResponse.Raw("HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n")
            : UpstreamResponse.Ok());
        await using var site = TestUpstream.Start();
        var (port, admin) = (ServerProcess.FreePort(), ServerProcess.FreePort());
        var log = Path.GetTempFileName();
        await using var proxy = ProxyProcess.Start(["run", "-c", "conf/examples/observability.yaml"], new()
        {
            ["LISTEN"] = $"127.0.0.1:{port}",
            ["ADMIN"] = $"127.0.0.1:{admin}",
            ["API"] = $"127.0.0.1:{api.Port}",
            ["APP"] = $"127.0.0.1:{site.Port}",
            ["OTLP"] = receiver.Url,
            ["TRUSTED"] = "127.0.0.0/8",
            ["ACCESS_LOG"] = log,
        });
        await proxy.ReadyAsync();
        await using var prometheus = await Prometheus.StartAsync($"127.0.0.1:{admin}");
        using var stop = new CancellationTokenSource();
        var load = LoadAsync(port, stop.Token);

        await Poll.UntilAsync(
            async () => (await prometheus.QueryAsync("sum by (route) (rate(http_server_request_duration_seconds_count[10s]))")).Count(r => r.Value > 0) == 2, Patience);

        // One in four of the route "api" fails.
        await Poll.UntilAsync(
            async () => await prometheus.QueryAsync(
                """sum(rate(http_server_request_duration_seconds_count{route="api",http_response_status_code=~"5.."}[10s])) / sum(rate(http_server_request_duration_seconds_count{route="api"}[10s]))""")
                is [{ Value: > 0.15 and < 0.35 }],
            Patience);
        await Poll.UntilAsync(
            async () => await prometheus.QueryAsync(
                $$"""histogram_quantile(0.99, sum by (le, cluster, endpoint) (rate(http_client_request_duration_seconds_bucket{cluster="api",endpoint="127.0.0.1:{{api.Port}}"}[10s])))""")
                is [{ Value: > 0 and < 30 }],
            Patience);
        await Poll.UntilAsync(
            async () => (await prometheus.QueryAsync("histogram_quantile(0.5, sum by (le, route, cluster) (rate(http_server_request_duration_seconds_bucket[10s])))")).Count(r => r.Value > 0) == 2,
            Patience);
        await Poll.UntilAsync(async () => (await prometheus.GetAsync(
            "/api/v1/query_exemplars?query=http_server_request_duration_seconds_bucket&start=0&end=9999999999")).Contains("\"trace_id\"", StringComparison.Ordinal), Patience);
        Assert.Contains("\"lastError\":\"\"", await prometheus.GetAsync("/api/v1/targets"), StringComparison.Ordinal);

        await stop.CancelAsync();
        await load;
        await Poll.UntilAsync(() => receiver.Spans.Count(span => span.Hex(1) == Trace) >= 2, Patience);
        Assert.Contains(api.Requests, request => request.Headers["traceparent"]?.StartsWith($"00-{Trace}-", StringComparison.Ordinal) == true);
        Assert.Contains(Trace, await File.ReadAllTextAsync(log), StringComparison.Ordinal);
        File.Delete(log);
    }

    private static async Task LoadAsync(int port, CancellationToken stop)
    {
        await using var client = await RawClient.ConnectAsync(port);
        await client.RoundTripAsync($"GET /api/traced HTTP/1.1\r\nHost: a\r\ntraceparent: 00-{Trace}-b7ad6b7169203331-01\r\n\r\n");
        while (!stop.IsCancellationRequested)
        {
            foreach (var path in new[] { "/api/a", "/api/b", "/api/c", "/api/bad", "/" })
            {
                await client.RoundTripAsync($"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n");
            }

            await Task.Delay(10, CancellationToken.None);
        }
    }
}
