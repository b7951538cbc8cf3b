using FilterProxy.Core.Clusters;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.ScenarioTests.Telemetry;

/// <summary>What the proxy counts, as a collector gets it.</summary>
public sealed class MetricsTests
{
    private const string Get = "GET /a HTTP/1.1\r\nHost: a\r\n\r\n";

    [Theory]
    [InlineData(TestTransport.Direct)]
    [InlineData(TestTransport.H2c)]
    public async Task Exchanges_are_counted_by_route_cluster_endpoint_and_result(TestTransport transport)
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await TestProxy.StartAsync(upstream.Port, transport);
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(200, (await proxy.SendAsync(Get)).Status);
        }

        await Metrics.UntilAsync(proxy, """http_server_request_duration_seconds_count{route="all",cluster="origin",http_request_method="GET",http_response_status_code="200"}""", 3);
        var endpoint = $"cluster=\"origin\",endpoint=\"127.0.0.1:{upstream.Port}\"";
        var metrics = Metrics.Of(proxy);
        Assert.Equal(3, metrics[$"http_client_request_duration_seconds_count{{{endpoint},http_request_method=\"GET\",http_response_status_code=\"200\"}}"]);
        Assert.InRange(metrics["""http_server_request_duration_seconds_bucket{route="all",cluster="origin",http_request_method="GET",http_response_status_code="200",le="30.0"}"""], 3, 3);
        Assert.InRange(metrics["""filterproxy_downstream_received_bytes_total{route="all",cluster="origin"}"""], 3 * 20, 3 * 200);
        Assert.Equal(1, metrics[$"filterproxy_upstream_connections_created_total{{{endpoint}}}"]);
        Assert.Equal(2, metrics[$"filterproxy_upstream_connections_reused_total{{{endpoint}}}"]);
        Assert.Equal(0, metrics["""http_server_active_requests{listener="web"}"""]);
        Assert.Equal(1, metrics["filterproxy_config_version"]);
    }

    [Fact]
    public async Task Failures_have_the_reason_of_the_proxy_and_are_retried_in_the_count()
    {
        using var dead = new DeadPort();
        await using var proxy = await TestProxy.StartAsync(
            $$"""
            routes: [ { name: all, match: { path: /a }, cluster: origin } ]
            clusters: { origin: { endpoints: ["127.0.0.1:{{dead.Port}}", "127.0.0.2:{{dead.Port}}"] } }
            """);
        Assert.Equal(502, (await proxy.SendAsync(Get)).Status);
        Assert.Equal(404, (await proxy.SendAsync("GET /b HTTP/1.1\r\nHost: a\r\n\r\n")).Status);

        await Metrics.UntilAsync(proxy, """http_server_request_duration_seconds_count{route="-",cluster="-",http_request_method="GET",http_response_status_code="404",error_type="no_route"}""", 1);
        var metrics = Metrics.Of(proxy);
        Assert.Equal(1, metrics["""http_server_request_duration_seconds_count{route="all",cluster="origin",http_request_method="GET",http_response_status_code="502",error_type="connect_failed"}"""]);
        Assert.Equal(2, metrics.Where(m => m.Key.StartsWith("http_client_request_duration_seconds_count", StringComparison.Ordinal) && m.Key.Contains("connect_failed", StringComparison.Ordinal)).Sum(m => m.Value));
        Assert.Equal(1, metrics["""filterproxy_upstream_retries_total{cluster="origin",error_type="connect_failed"}"""]);
    }

    [Fact]
    public async Task Ejections_and_breakers_are_there_with_their_state_and_their_history()
    {
        var status = 500;
        await using var upstream = TestUpstream.Start(_ => UpstreamResponse.Create(Volatile.Read(ref status)));
        await using var proxy = await TestProxy.StartAsync(
            $$"""
            routes: [ { name: all, cluster: origin } ]
            clusters:
              origin:
                endpoints: ["127.0.0.1:{{upstream.Port}}", "localhost:{{upstream.Port}}"]
                outlier_detection: { consecutive_5xx: 3 }
                circuit_breaker: { open_when: error_ratio > 50%, min_requests: 10, open_time: 200ms, probes: 1 }
            """);
        var metrics = Metrics.Of(proxy);
        Assert.Equal(0, metrics["filterproxy_upstream_breaker_state{cluster=\"origin\"}"]);
        Assert.Equal(0, metrics["filterproxy_upstream_requests{cluster=\"origin\",state=\"active\"}"]);
        Assert.Equal(2, metrics.Count(m => m.Key.StartsWith("filterproxy_upstream_endpoint_ejected{", StringComparison.Ordinal) && m.Value == 0));

        await Poll.UntilAsync(async () => (await proxy.SendAsync(Get)).Text.Contains("circuit_open", StringComparison.Ordinal));
        metrics = Metrics.Of(proxy);
        Assert.Single(metrics, m => m.Key.StartsWith("filterproxy_upstream_endpoint_ejected{", StringComparison.Ordinal) && m.Value == 1);
        Assert.Single(metrics, m => m.Key.StartsWith("filterproxy_upstream_endpoint_ejections_total{", StringComparison.Ordinal) && m.Value == 1);
        Assert.InRange(metrics["filterproxy_upstream_breaker_transitions_total{cluster=\"origin\",to=\"open\"}"], 1, 100);
        Assert.NotEqual(0, proxy.Counts["filterproxy.limit.reached limit=cluster.circuit_breaker"]);

        Volatile.Write(ref status, 200);
        await Poll.UntilAsync(async () => (await proxy.SendAsync(Get)).Status == 200 && Metrics.Of(proxy)["filterproxy_upstream_breaker_state{cluster=\"origin\"}"] == 0);
        metrics = Metrics.Of(proxy);
        Assert.InRange(metrics["filterproxy_upstream_breaker_transitions_total{cluster=\"origin\",to=\"half_open\"}"], 1, 100);
        Assert.Equal(1, metrics["filterproxy_upstream_breaker_transitions_total{cluster=\"origin\",to=\"closed\"}"]);
    }

    [Fact]
    public async Task Series_stay_over_a_reload_and_a_replaced_configuration_shows_its_exchanges()
    {
        var release = new TaskCompletionSource();
        await using var upstream = TestUpstream.Start(_ => UpstreamResponse.After(release.Task).Then(UpstreamResponse.Ok()));
        var yaml = $$"""
            routes: [ { name: all, cluster: origin } ]
            clusters: { origin: { endpoints: ["127.0.0.1:{{upstream.Port}}"] } }
            """;
        await using var proxy = await TestProxy.StartAsync(yaml);
        var first = proxy.SendAsync(Get);
        await Metrics.UntilAsync(proxy, """http_server_active_requests{listener="web"}""", 1);

        Assert.Equal("", await proxy.ReloadAsync(yaml + "\nhttp: { server_header: x }"));
        await Metrics.UntilAsync(proxy, """filterproxy_config_retired_exchanges{version="1"}""", 1);
        release.SetResult();
        await first;
        await proxy.SendAsync(Get);

        await Metrics.UntilAsync(proxy, """http_server_request_duration_seconds_count{route="all",cluster="origin",http_request_method="GET",http_response_status_code="200"}""", 2);
        await proxy.SettledAsync();
        Assert.Equal(0, Metrics.Of(proxy)["filterproxy_config_retired"]);
    }

    [Fact]
    public async Task A_drain_shows_what_the_endpoint_and_the_clients_still_have()
    {
        var release = new TaskCompletionSource();
        await using var upstream = TestUpstream.Start(_ => UpstreamResponse.After(release.Task).Then(UpstreamResponse.Ok()));
        await using var proxy = await TestProxy.StartAsync(upstream.Port);
        var held = Draining(upstream);
        var first = proxy.SendAsync(Get);
        await upstream.WaitForRequestsAsync(1);
        Assert.DoesNotContain(held, Metrics.Of(proxy));

        var cluster = proxy.Engine.Snapshot!.Clusters["origin"];
        cluster.Controls.Change("origin", cluster.Known[0].Name, control => control with { Mode = EndpointMode.Draining });
        cluster.TakeControls();
        Assert.Equal(1, Metrics.Of(proxy)[held]);
        proxy.Engine.Services.BeginDrain();
        Assert.Equal(1, Metrics.Of(proxy)["filterproxy_downstream_connections_draining"]);

        release.SetResult();
        await first;
        await Metrics.UntilAsync(proxy, held, 0);
        await Metrics.UntilAsync(proxy, "filterproxy_downstream_connections_draining", 0);
    }

    [Fact]
    public async Task An_endpoint_that_was_taken_away_shows_what_still_runs_on_it()
    {
        var release = new TaskCompletionSource();
        await using var upstream = TestUpstream.Start(_ => UpstreamResponse.After(release.Task).Then(UpstreamResponse.Ok()));
        await using var proxy = await TestProxy.StartAsync(upstream.Port);
        var held = Draining(upstream);
        var first = proxy.SendAsync(Get);
        await upstream.WaitForRequestsAsync(1);

        proxy.Engine.Snapshot!.Clusters["origin"].SetEndpoints([]);

        Assert.Equal(1, Metrics.Of(proxy)[held]);
        release.SetResult();
        await first;
        await Poll.UntilAsync(() => !Metrics.Of(proxy).ContainsKey(held));
    }

    [Fact]
    public async Task Nothing_of_exchanges_is_counted_where_metrics_are_off()
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await TestProxy.StartAsync(
            $$"""
            telemetry: { metrics: { enabled: false } }
            routes: [ { name: all, cluster: origin } ]
            clusters: { origin: { endpoints: ["127.0.0.1:{{upstream.Port}}"] } }
            """);
        await proxy.SendAsync(Get);

        Assert.DoesNotContain(Metrics.Of(proxy).Keys, key => key.StartsWith("http_server_request_duration", StringComparison.Ordinal));
        Assert.Equal(1, Metrics.Of(proxy)["filterproxy_config_version"]);
    }

    private static string Draining(TestUpstream upstream) =>
        $"filterproxy_upstream_endpoint_draining{{cluster=\"origin\",endpoint=\"127.0.0.1:{upstream.Port}\"}}";
}
