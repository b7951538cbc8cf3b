using System.Net;
using System.Text.Json.Nodes;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.ScenarioTests.Admin;

/// <summary>What the admin API shows.</summary>
public sealed class ReadTests
{
    [Fact]
    public async Task The_document_names_every_endpoint_with_all_its_parameters()
    {
        await using var admin = await AdminProxy.StartAsync();

        var listed = (await admin.GetAsync("/")).AsArray().Select(e => $"{((string)e!["method"]!).ToLowerInvariant()} {e["path"]}").Order().ToList();
        var document = await admin.GetAsync("/openapi.json");
        var documented = document["paths"]!.AsObject()
            .SelectMany(path => path.Value!.AsObject().Select(operation => $"{operation.Key} {path.Key}")).Order().ToList();

        Assert.Equal("3.1.0", (string?)document["openapi"]);
        Assert.Equal(listed, documented);
        Assert.Equal(["cluster", "endpoint", "weight"], ParametersOf(document, "/endpoints/weight", "post"));
        Assert.Equal(["component"], ParametersOf(document, "/views/{component}", "get"));
        Assert.All(
            document["paths"]!.AsObject().SelectMany(path => path.Value!.AsObject()), operation => Assert.NotEqual("", (string?)operation.Value!["summary"]));
    }

    [Fact]
    public async Task Every_read_answers_json_that_nobody_may_keep()
    {
        await using var admin = await AdminProxy.StartAsync();
        var reads = (await admin.GetAsync("/")).AsArray().Where(e => (string?)e!["method"] == "GET").Select(e => (string)e!["path"]!).ToList();

        foreach (var path in reads.Except(["/tail", "/views/{component}", "/explain", "/metrics"]))
        {
            using var response = await admin.Http.GetAsync(path);
            Assert.Equal((path, HttpStatusCode.OK), (path, response.StatusCode));
            Assert.Equal((path, true), (path, response.Headers.CacheControl!.NoStore));
            Assert.NotNull(JsonNode.Parse(await response.Content.ReadAsStringAsync()));
        }
    }

    [Fact]
    public async Task Clusters_are_shown_with_their_endpoints_and_the_connections_to_them()
    {
        await using var upstream = TestUpstream.Start();
        await using var admin = await AdminProxy.StartAsync($$"""
            routes: [ { name: all, cluster: origin } ]
            clusters: { origin: { endpoints: [ { address: "127.0.0.1:{{upstream.Port}}", labels: { zone: a } } ], circuit_breaker: { open_when: error_ratio > 50% } } }
            """);
        await admin.Proxy.SendAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        var cluster = (await admin.GetAsync("/clusters"))[0]!;
        Assert.Equal(("closed", 0, 0), ((string)cluster["breaker"]!, (int)cluster["pending"]!, (int)cluster["retries"]!));

        JsonNode endpoint = null!;
        await Poll.UntilAsync(async () =>
        {
            endpoint = (await admin.GetAsync("/clusters"))[0]!["endpoints"]![0]!;
            return (int)endpoint["in_flight"]! == 0 && (int)endpoint["pools"]![0]!["idle"]! == 1;
        });
        Assert.Equal(
            ($"127.0.0.1:{upstream.Port}", "active", true, "a", 1),
            ((string)endpoint["name"]!, (string)endpoint["state"]!, (bool)endpoint["healthy"]!, (string)endpoint["labels"]!["zone"]!, (int)endpoint["pools"]![0]!["open"]!));
    }

    [Fact]
    public async Task Routes_are_shown_in_order_with_their_hits()
    {
        await using var admin = await AdminProxy.StartAsync("routes: [ { name: a, match: { host: x, path: /a }, respond: { status: 204 } }, { name: b, respond: {} } ]");
        for (var i = 0; i < 3; i++)
        {
            await admin.Proxy.SendAsync("GET /a HTTP/1.1\r\nHost: x\r\n\r\n");
        }

        JsonNode routes = null!;
        await Poll.UntilAsync(async () => (int)(routes = await admin.GetAsync("/routes"))[0]!["hits"]! == 3);
        Assert.Equal(("a", "x", "/a", 204), ((string?)routes[0]!["name"], (string?)routes[0]!["hosts"]![0], (string?)routes[0]!["paths"]![0], (int)routes[0]!["answers"]!));
        Assert.Equal(("b", 0), ((string?)routes[1]!["name"], (int)routes[1]!["hits"]!));
    }

    [Fact]
    public async Task It_is_not_well_once_its_heartbeat_stands_still()
    {
        await using var admin = await AdminProxy.StartAsync();
        Assert.Equal("ok", (string?)(await admin.GetAsync("/healthz"))["status"]);

        admin.Proxy.Engine.Services.Heartbeat.Dispose();

        using var response = await admin.Http.GetAsync("/healthz");
        using var again = response.IsSuccessStatusCode ? await admin.Http.GetAsync("/healthz") : response;
        Assert.Equal(HttpStatusCode.ServiceUnavailable, again.StatusCode);
        Assert.Equal("stuck", (string?)JsonNode.Parse(await again.Content.ReadAsStringAsync())!["status"]);
    }

    [Fact]
    public async Task Listeners_show_where_they_are_bound()
    {
        await using var admin = await AdminProxy.StartAsync();

        var listener = (await admin.GetAsync("/listeners"))[0]!;

        Assert.Equal(("web", $"http://127.0.0.1:{admin.Proxy.Port}"), ((string?)listener["name"], (string?)listener["addresses"]![0]));
    }

    [Fact]
    public async Task Certificates_show_names_and_expiry_and_nothing_of_the_key()
    {
        using var certificate = new TestCertificate("localhost", "*.example.com");
        await using var admin = await AdminProxy.StartWholeAsync(_ => $$"""
            listeners: { tls: { address: "127.0.0.1:0", filters: [ { tls: { certificates: [ { file: { cert: "{{certificate.CertPath}}", key: "{{certificate.KeyPath}}" } } ] } } ] } }
            admin: { address: "127.0.0.1:0" }
            routes: [ { respond: {} } ]
            """);

        var text = await admin.Http.GetStringAsync("/certificates");

        var shown = JsonNode.Parse(text)![0]!;
        Assert.Equal(["localhost", "*.example.com"], shown["names"]!.AsArray().Select(name => (string)name!));
        Assert.Equal("tls", (string?)shown["listener"]);
        Assert.True((double)shown["days_left"]! > 0);
        Assert.DoesNotContain("PRIVATE", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_explainer_says_what_would_become_of_a_request()
    {
        await using var admin = await AdminProxy.StartAsync("routes: [ { name: a, match: { path: /a }, respond: {} } ]");

        Assert.Equal("a", (string?)(await admin.GetAsync("/explain?url=/a"))["route"]!["name"]);
        Assert.Contains("no_route", (string?)(await admin.GetAsync("/explain?url=/b"))["problem"], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/explain")]
    [InlineData("/explain?url=nonsense")]
    [InlineData("/explain?url=/&from=nobody")]
    [InlineData("/errors?limit=many")]
    public async Task A_wrong_parameter_is_refused(string path)
    {
        await using var admin = await AdminProxy.StartAsync();

        using var response = await admin.Http.GetAsync(path);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Equal("bad_request", (string?)JsonNode.Parse(await response.Content.ReadAsStringAsync())!["error"]);
    }

    [Fact]
    public async Task The_load_is_shown_with_what_calls_for_a_stage()
    {
        await using var admin = await AdminProxy.StartAsync("""
            overload: { memory_limit: 1MiB, memory: { shed: 10, close: 0, refuse: 0 }, enter_after: 0s, max_exchanges: 5 }
            routes: [ { respond: {} } ]
            """);
        await Poll.UntilAsync(async () => (string?)(await admin.GetAsync("/overload"))["stage"] == "shed");

        var load = await admin.GetAsync("/overload");

        Assert.Equal((5, 0), ((int)load["max_exchanges"]!, (int)load["exchanges"]!));
        Assert.Equal(["loop_lag", "memory", "descriptors", "queue_time"], load["resources"]!.AsArray().Select(r => (string)r!["resource"]!));
        Assert.Equal(["low", "normal", "high"], load["waiting"]!.AsObject().Select(w => w.Key));
        var memory = load["resources"]![1]!;
        Assert.Equal(("shed", 0.1, 0), ((string)memory["stage"]!, (double)memory["shed"]!, (double)memory["close"]!));
        Assert.InRange((double)memory["value"]!, 1, 1_000_000);
    }

    [Fact]
    public async Task Failed_exchanges_are_kept_with_reason_request_id_and_endpoint()
    {
        using var dead = new DeadPort();
        await using var admin = await AdminProxy.StartAsync($$"""
            routes: [ { name: all, cluster: origin } ]
            clusters: { origin: { endpoints: [ "127.0.0.1:{{dead.Port}}" ] } }
            """);
        await admin.Proxy.SendAsync("GET /x?token=planted HTTP/1.1\r\nHost: a\r\n\r\n");

        await Poll.UntilAsync(async () => (await admin.GetAsync("/errors"))["errors"]!.AsArray().Count == 1);
        var error = (await admin.GetAsync("/errors"))["errors"]![0]!;

        Assert.Equal(
            ("connect_failed", "UF,LR", "all", "origin", $"127.0.0.1:{dead.Port}", "/x", 502),
            ((string?)error["reason"], (string?)error["flags"], (string?)error["route"], (string?)error["cluster"], (string?)error["endpoint"], (string?)error["path"], (int)error["status"]!));
        Assert.Equal(32, ((string)error["request_id"]!).Length);
        Assert.Empty((await admin.GetAsync("/errors?reason=other"))["errors"]!.AsArray());
        Assert.Empty((await admin.GetAsync("/errors?limit=0"))["errors"]!.AsArray());
    }

    [Fact]
    public async Task A_text_of_a_client_cannot_break_out_of_an_answer()
    {
        await using var admin = await AdminProxy.StartAsync("routes: [ { match: { path: /a }, respond: {} } ]");
        await admin.Proxy.SendAsync("GET /%22</script>' HTTP/1.1\r\nHost: a\r\n\r\n");

        await Poll.UntilAsync(async () => (await admin.GetAsync("/errors"))["errors"]!.AsArray().Count == 1);
        var text = await admin.Http.GetStringAsync("/errors");

        Assert.DoesNotContain("</script>", text, StringComparison.Ordinal);
        Assert.DoesNotContain('\'', text);
    }

    [Fact]
    public async Task A_replaced_configuration_is_shown_with_what_holds_it()
    {
        await using var upstream = TestUpstream.Start(_ => UpstreamResponse.Never());
        await using var admin = await AdminProxy.StartAsync($$"""
            routes: [ { name: all, cluster: origin } ]
            clusters: { origin: { endpoints: [ "127.0.0.1:{{upstream.Port}}" ] } }
            """);
        await using var client = await admin.Proxy.ConnectAsync();
        await client.SendAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        await upstream.WaitForRequestsAsync(1);

        Assert.Equal("", await admin.Proxy.ReloadAsync("admin: { address: \"127.0.0.1:0\" }\nroutes: [ { name: all, respond: {} } ]"));

        var snapshots = await admin.GetAsync("/snapshots");
        Assert.Equal((2, 1), ((int)snapshots["current"]!, (int)snapshots["held"]![0]!["version"]!));
        Assert.Equal(1, (int)snapshots["held"]![0]!["exchanges"]!);
        Assert.Contains("clusters.origin", snapshots["held"]![0]!["parts"]!.AsArray().Select(part => (string?)part));
    }

    [Fact]
    public async Task It_is_ready_until_it_is_told_to_stop()
    {
        await using var admin = await AdminProxy.StartAsync();
        Assert.Equal("ok", (string?)(await admin.GetAsync("/ready"))["status"]);

        admin.Proxy.Engine.Services.BeginDrain();

        using var response = await admin.Http.GetAsync("/ready");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.Equal("stopping", (string?)JsonNode.Parse(await response.Content.ReadAsStringAsync())!["reason"]);
        Assert.Equal("ok", (string?)(await admin.GetAsync("/healthz"))["status"]);
    }

    private static IEnumerable<string?> ParametersOf(JsonNode document, string path, string method) =>
        document["paths"]![path]![method]!["parameters"]!.AsArray().Select(parameter => (string?)parameter!["name"]);
}
