using System.Net;
using System.Text.Json.Nodes;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.ScenarioTests.Admin;

/// <summary>What the admin API changes.</summary>
public sealed class ControlTests
{
    private const string Get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

    [Fact]
    public async Task A_drained_endpoint_gets_no_new_requests_until_it_is_taken_back()
    {
        await using var one = TestUpstream.Start(_ => UpstreamResponse.Ok("one"));
        await using var two = TestUpstream.Start(_ => UpstreamResponse.Ok("two"));
        await using var admin = await AdminProxy.StartAsync(Forwarding(one.Port, two.Port));

        var (status, _) = await admin.PostAsync($"/endpoints/drain?cluster=origin&endpoint=127.0.0.1:{one.Port}");

        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal(["two"], await AnswersAsync(admin, 6));
        Assert.Equal("draining", await StateAsync(admin, 0));
        await admin.PostAsync($"/endpoints/undrain?cluster=origin&endpoint=127.0.0.1:{one.Port}");
        Assert.Equal(["one", "two"], await AnswersAsync(admin, 6));
    }

    [Fact]
    public async Task A_drained_endpoint_finishes_what_it_has()
    {
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var upstream = TestUpstream.Start(_ => UpstreamResponse.After(gate.Task).Then(UpstreamResponse.Ok("late")));
        await using var admin = await AdminProxy.StartAsync(Forwarding(upstream.Port));
        await using var client = await admin.Proxy.ConnectAsync();
        await client.SendAsync(Get);
        await upstream.WaitForRequestsAsync(1);

        var (_, answer) = await admin.PostAsync($"/endpoints/drain?cluster=origin&endpoint=127.0.0.1:{upstream.Port}");
        Assert.Contains("no endpoint of cluster 'origin'", (string?)answer["warning"], StringComparison.Ordinal);
        Assert.Equal("no_endpoint", (await admin.Proxy.SendAsync(Get)).Headers["x-filterproxy-reason"]);
        gate.SetResult();

        Assert.Equal("late", (await client.ReadResponseAsync()).Text);
    }

    [Fact]
    public async Task Maintenance_closes_what_is_idle_and_keeps_nothing_that_comes_back_a_drain_leaves_it()
    {
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var upstream = TestUpstream.Start(request => request.Target == "/late" ? UpstreamResponse.After(gate.Task).Then(UpstreamResponse.Ok("late")) : UpstreamResponse.Ok());
        await using var admin = await AdminProxy.StartAsync(Forwarding(upstream.Port));
        await using var client = await admin.Proxy.ConnectAsync();
        await client.SendAsync("GET /late HTTP/1.1\r\nHost: a\r\n\r\n");
        await upstream.WaitForRequestsAsync(1);
        await admin.Proxy.SendAsync(Get);
        await OpenAsync(admin, 2, 1);

        await admin.PostAsync($"/endpoints/drain?cluster=origin&endpoint=127.0.0.1:{upstream.Port}");
        await OpenAsync(admin, 2, 1);
        await admin.PostAsync($"/endpoints/maintenance?cluster=origin&endpoint=127.0.0.1:{upstream.Port}");
        await OpenAsync(admin, 1, 0);
        gate.SetResult();

        Assert.Equal("late", (await client.ReadResponseAsync()).Text);
        await OpenAsync(admin, 0, 0);
    }

    [Fact]
    public async Task A_drain_warns_of_clients_that_come_all_the_same()
    {
        await using var admin = await AdminProxy.StartAsync("""
            routes: [ { name: all, cluster: origin } ]
            clusters: { origin: { affinity: { cookie: at }, endpoints: [ "127.0.0.1:9", "127.0.0.1:10" ] } }
            """);

        var (_, drained) = await admin.PostAsync("/endpoints/drain?cluster=origin&endpoint=127.0.0.1:9");
        var (_, away) = await admin.PostAsync("/endpoints/maintenance?cluster=origin&endpoint=127.0.0.1:9");

        Assert.Contains("by affinity still come", (string?)drained["warning"], StringComparison.Ordinal);
        Assert.Null(away["warning"]);
    }

    [Theory]
    [InlineData("weight", "weight=5", "weight", "5")]
    [InlineData("health", "health=down", "healthy", "false")]
    [InlineData("drain", "", "state", "draining")]
    public async Task What_was_said_holds_through_a_reload_and_for_this_process_only(string what, string more, string shown, string value)
    {
        var yaml = Forwarding(9, 10);
        await using var admin = await AdminProxy.StartAsync(yaml);
        await admin.PostAsync($"/endpoints/{what}?cluster=origin&endpoint=127.0.0.1:9&{more}");

        Assert.Equal("", await admin.Proxy.ReloadAsync($"admin: {{ address: \"127.0.0.1:0\" }}\n{yaml.Replace("origin: {", "origin: { connect_timeout: 3s,", StringComparison.Ordinal)}"));

        Assert.Equal(value, (await admin.GetAsync("/clusters"))[0]!["endpoints"]![0]![shown]!.ToString());
        await using var another = await AdminProxy.StartAsync(yaml);
        Assert.NotEqual(value, (await another.GetAsync("/clusters"))[0]!["endpoints"]![0]![shown]!.ToString());
    }

    [Fact]
    public async Task What_was_said_of_an_endpoint_survives_a_reload_that_makes_its_cluster_anew()
    {
        await using var one = TestUpstream.Start(_ => UpstreamResponse.Ok("one"));
        await using var two = TestUpstream.Start(_ => UpstreamResponse.Ok("two"));
        await using var admin = await AdminProxy.StartAsync(Forwarding(one.Port, two.Port));
        await admin.PostAsync($"/endpoints/maintenance?cluster=origin&endpoint=127.0.0.1:{one.Port}");

        Assert.Equal("", await admin.Proxy.ReloadAsync($"admin: {{ address: \"127.0.0.1:0\" }}\n{Forwarding(one.Port, two.Port).Replace("origin: {", "origin: { connect_timeout: 3s,", StringComparison.Ordinal)}"));

        Assert.Equal("maintenance", await StateAsync(admin, 0));
        Assert.Equal(["two"], await AnswersAsync(admin, 6));
    }

    [Fact]
    public async Task A_weight_shifts_the_traffic()
    {
        await using var one = TestUpstream.Start(_ => UpstreamResponse.Ok("one"));
        await using var two = TestUpstream.Start(_ => UpstreamResponse.Ok("two"));
        await using var admin = await AdminProxy.StartAsync(Forwarding(one.Port, two.Port));

        await admin.PostAsync($"/endpoints/weight?cluster=origin&endpoint=127.0.0.1:{one.Port}&weight=3");
        var before = one.Requests.Count;
        await AnswersAsync(admin, 8);

        Assert.Equal((6, 2), (one.Requests.Count - before, two.Requests.Count));
    }

    [Fact]
    public async Task An_endpoint_said_to_be_down_is_passed_over_and_shown_so()
    {
        await using var one = TestUpstream.Start(_ => UpstreamResponse.Ok("one"));
        await using var two = TestUpstream.Start(_ => UpstreamResponse.Ok("two"));
        await using var admin = await AdminProxy.StartAsync(Forwarding(one.Port, two.Port));

        await admin.PostAsync($"/endpoints/health?cluster=origin&endpoint=127.0.0.1:{one.Port}&health=down");

        Assert.Equal(["two"], await AnswersAsync(admin, 6));
        var endpoint = (await admin.GetAsync("/clusters"))[0]!["endpoints"]![0]!;
        Assert.Equal((false, "an operator says it is down"), ((bool)endpoint["healthy"]!, (string?)endpoint["why"]));
    }

    [Theory]
    [InlineData("/endpoints/drain", HttpStatusCode.NotFound, "no_cluster")]
    [InlineData("/endpoints/drain?cluster=other&endpoint=a", HttpStatusCode.NotFound, "no_cluster")]
    [InlineData("/endpoints/drain?cluster=origin", HttpStatusCode.NotFound, "no_endpoint")]
    [InlineData("/endpoints/drain?cluster=origin&endpoint=other", HttpStatusCode.NotFound, "no_endpoint")]
    [InlineData("/endpoints/weight?cluster=origin&endpoint=127.0.0.1:9", HttpStatusCode.BadRequest, "bad_request")]
    [InlineData("/endpoints/weight?cluster=origin&endpoint=127.0.0.1:9&weight=-1", HttpStatusCode.BadRequest, "bad_request")]
    [InlineData("/endpoints/weight?cluster=origin&endpoint=127.0.0.1:9&weight=1001", HttpStatusCode.BadRequest, "bad_request")]
    [InlineData("/endpoints/health?cluster=origin&endpoint=127.0.0.1:9&health=well", HttpStatusCode.BadRequest, "bad_request")]
    [InlineData("/log_level?level=loud", HttpStatusCode.BadRequest, "bad_request")]
    [InlineData("/log_level", HttpStatusCode.BadRequest, "bad_request")]
    [InlineData("/shutdown?delay=soon", HttpStatusCode.BadRequest, "bad_request")]
    [InlineData("/shutdown?delay=2h", HttpStatusCode.BadRequest, "bad_request")]
    [InlineData("/reload", HttpStatusCode.Conflict, "not_ready")]
    [InlineData("/actions/nothing", HttpStatusCode.NotFound, "no_action")]
    [InlineData("/nothing", HttpStatusCode.NotFound, "not_found")]
    [InlineData("/stats", HttpStatusCode.MethodNotAllowed, "method_not_allowed")]
    public async Task What_is_not_understood_changes_nothing(string path, HttpStatusCode status, string error)
    {
        await using var admin = await AdminProxy.StartAsync(Forwarding(9));

        var (got, answer) = await admin.PostAsync(path);

        Assert.Equal((status, error), (got, (string?)answer["error"]));
        Assert.Empty(admin.Proxy.Engine.Services.Endpoints.All);
        Assert.Null(admin.Control.NotReady);
    }

    [Fact]
    public async Task A_shutdown_is_said_to_probes_before_it_begins()
    {
        await using var admin = await AdminProxy.StartAsync();

        Assert.Equal(HttpStatusCode.OK, (await admin.PostAsync("/shutdown?delay=1h")).Status);

        using var response = await admin.Http.GetAsync("/ready");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.Equal(200, (await admin.Proxy.SendAsync(Get)).Status);
        Assert.Equal(HttpStatusCode.Conflict, (await admin.PostAsync("/shutdown")).Status);
    }

    [Fact]
    public async Task A_component_shows_its_view_and_does_its_actions()
    {
        await using var admin = await AdminProxy.StartAsync(
            "http: { filters: [ banning, banning/other ] }\nroutes: [ { respond: {} } ]", components: [typeof(BanningFilter)]);

        var views = await admin.GetAsync("/views");
        Assert.Equal(["http.filters.banning", "http.filters.banning/other"], views["views"]!.AsArray().Select(view => (string?)view));
        Assert.Equal("ban", (string?)views["actions"]![0]!["action"]);

        var (all, both) = await admin.PostAsync("/actions/ban?key=192.0.2.1");
        var (one, other) = await admin.PostAsync("/actions/ban?key=192.0.2.2&component=http.filters.banning/other");

        Assert.Equal((HttpStatusCode.OK, 2), (all, both["results"]!.AsArray().Count));
        Assert.Equal((HttpStatusCode.OK, 1), (one, other["results"]!.AsArray().Count));
        Assert.Equal(["192.0.2.1"], (await admin.GetAsync("/views/http.filters.banning")).AsArray().Select(key => (string?)key));
        Assert.Equal(["192.0.2.1", "192.0.2.2"], (await admin.GetAsync("/views/http.filters.banning/other")).AsArray().Select(key => (string?)key));
        Assert.Contains(admin.Log.Lines, line => line.Contains("POST /actions/ban?key=192.0.2.1: http.filters.banning: done, banned", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_component_that_fails_is_the_answer_to_one_question_only()
    {
        await using var admin = await AdminProxy.StartAsync("http: { filters: [ banning ] }\nroutes: [ { respond: {} } ]", components: [typeof(BanningFilter)]);

        var (refused, answer) = await admin.PostAsync("/actions/ban");
        var (failed, exception) = await admin.PostAsync("/actions/ban?key=boom");
        using var view = await admin.Http.GetAsync("/views/http.filters.banning");

        Assert.Equal((HttpStatusCode.UnprocessableEntity, "key is missing"), (refused, (string?)answer["results"]![0]!["message"]));
        Assert.Equal((HttpStatusCode.UnprocessableEntity, "it failed: InvalidOperationException"), (failed, (string?)exception["results"]![0]!["message"]));
        Assert.Equal(HttpStatusCode.InternalServerError, view.StatusCode);
        Assert.Equal("view_failed", (string?)JsonNode.Parse(await view.Content.ReadAsStringAsync())!["error"]);
        Assert.Equal(HttpStatusCode.OK, (await admin.PostAsync("/log_level?level=debug")).Status);
    }

    private static string Forwarding(params int[] ports) => $$"""
        routes: [ { name: all, cluster: origin } ]
        clusters: { origin: { load_balancer: round_robin, endpoints: [ {{string.Join(", ", ports.Select(port => $"\"127.0.0.1:{port}\""))}} ] } }
        """;

    private static async Task<IEnumerable<string>> AnswersAsync(AdminProxy admin, int count)
    {
        var answers = new SortedSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < count; i++)
        {
            answers.Add((await admin.Proxy.SendAsync(Get)).Text);
        }

        return answers;
    }

    private static Task OpenAsync(AdminProxy admin, int open, int idle) => Poll.UntilAsync(async () =>
        (await admin.GetAsync("/clusters"))[0]!["endpoints"]![0]!["pools"]![0] is { } pool && ((int)pool["open"]!, (int)pool["idle"]!) == (open, idle));

    private static async Task<string?> StateAsync(AdminProxy admin, int endpoint) => (string?)(await admin.GetAsync("/clusters"))[0]!["endpoints"]![endpoint]!["state"];
}
