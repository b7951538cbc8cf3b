using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.ScenarioTests.Telemetry;

/// <summary>What operators ask, asked of a real Prometheus that scrapes the proxy.</summary>
public sealed class PrometheusTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [PrometheusFact]
    public async Task Rate_error_ratio_and_latency_are_there_per_route_cluster_and_endpoint()
    {
        using var spans = new Spans();
        await using var upstream = TestUpstream.Start(request => request.Target == "/api/bad"
            ? UpstreamResponse.Raw("HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n")
            : UpstreamResponse.Ok());
        await using var proxy = await TestProxy.StartAsync(
            $$"""
            telemetry: { tracing: { ratio: 1 } }
            routes: [ { name: api, match: { path: /api/* }, cluster: origin }, { name: site, match: { path: /* }, cluster: origin } ]
            clusters: { origin: { endpoints: ["127.0.0.1:{{upstream.Port}}"] } }
            """);
        await using var server = await MetricsServer.StartAsync(proxy);
        await using var prometheus = await Prometheus.StartAsync(server.Address);
        using var stop = new CancellationTokenSource();
        var load = LoadAsync(proxy, stop.Token);

        // One in four of the route "api" fails.
        await Poll.UntilAsync(
            async () => (await prometheus.QueryAsync("sum by (route) (rate(http_server_request_duration_seconds_count[10s]))")).Count(r => r.Value > 0) == 2, Patience);
        await Poll.UntilAsync(
            async () => await prometheus.QueryAsync(
                """sum(rate(http_server_request_duration_seconds_count{route="api",http_response_status_code=~"5.."}[10s])) / sum(rate(http_server_request_duration_seconds_count{route="api"}[10s]))""")
                is [{ Value: > 0.15 and < 0.35 }],
            Patience);
        await Poll.UntilAsync(
            async () => await prometheus.QueryAsync(
                $$"""histogram_quantile(0.99, sum by (le, cluster, endpoint) (rate(http_client_request_duration_seconds_bucket{cluster="origin",endpoint="127.0.0.1:{{upstream.Port}}"}[10s])))""")
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
    }

    private static async Task LoadAsync(TestProxy proxy, CancellationToken stop)
    {
        await using var client = await proxy.ConnectAsync();
        for (var i = 0; !stop.IsCancellationRequested; i++)
        {
            foreach (var path in new[] { "/api/a", "/api/b", "/api/c", "/api/bad", "/" })
            {
                await client.RoundTripAsync($"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n");
            }

            await Task.Delay(10, CancellationToken.None);
        }
    }
}
