using System.Text.Json.Nodes;
using FilterProxy.ScenarioTests.NextJs;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.ScenarioTests.Executable;

/// <summary>The terminal commands, as processes of their own, against a running proxy; their output is read by programs.</summary>
public sealed class AdminCommandTests : AdminScenario
{
    [Fact]
    public async Task Status_shows_listeners_and_endpoints_of_the_proxy_its_configuration_names()
    {
        var (code, output, error) = await ProxyProcess.RunAsync("status", "-c", Config.Path);

        Assert.Equal((0, ""), (code, error));
        Assert.Matches(@"state\s+ready", output);
        Assert.Matches($@"web\s+http://127\.0\.0\.1:{Port}\s+http1\s+no\s+0", output);
        Assert.Matches($@"origin\s+127\.0\.0\.1:{Upstream.Port}\s+active\s+healthy\s+1", output);
        Assert.DoesNotContain('\x1b', output);
    }

    [Fact]
    public async Task Status_as_json_can_be_read_by_programs()
    {
        var (code, output, _) = await ProxyProcess.RunAsync("status", "--json", "--admin", Admin);

        var answer = JsonNode.Parse(output)!;
        Assert.Equal((0, "ready", "web", "origin"), (code, (string?)answer["stats"]!["state"], (string?)answer["listeners"]![0]!["name"], (string?)answer["clusters"]![0]!["name"]));
    }

    [Fact]
    public async Task Top_shows_the_busiest_routes_and_endpoints()
    {
        using var stop = new CancellationTokenSource();
        var traffic = SendAllTheTimeAsync(stop.Token);

        var (code, output, error) = await ProxyProcess.RunAsync("top", "-n", "1", "--interval", "500ms", "--admin", Admin);

        await stop.CancelAsync();
        await traffic;
        Assert.Equal((0, ""), (code, error));
        Assert.Matches(@"Route\s+Requests/s\s+Errors/s\s+p50\s+p99", output);
        Assert.Matches(@"all\s+[1-9][0-9.]*\s+0\s+[0-9.]+m?s\s+[0-9.]+m?s", output);
        Assert.Matches($@"origin/127\.0\.0\.1:{Upstream.Port}\s+[1-9]", output);
    }

    [Fact]
    public async Task Tail_shows_exchanges_as_they_end()
    {
        await using var tail = ProxyProcess.Start("tail", "-n", "1", "--admin", Admin);
        var exited = tail.ExitAsync();
        while (!exited.IsCompleted)
        {
            // It follows at some time after its start.
            await SendAsync("GET /x HTTP/1.1\r\nHost: a\r\n\r\n");
        }

        Assert.Equal(0, await exited);
        Assert.Matches($@"^\d\d:\d\d:\d\d\.\d\d\d 200 GET a/x  all → origin/127\.0\.0\.1:{Upstream.Port}  \S+  127\.0\.0\.1  [0-9a-f]{{32}}\n$", tail.Output);
        Assert.DoesNotContain('\x1b', tail.Output);
    }

    [Fact]
    public async Task Drain_of_an_endpoint_waits_until_nothing_is_in_flight_on_it()
    {
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Answer = _ => UpstreamResponse.After(gate.Task).Then(UpstreamResponse.Ok("late"));
        await using var client = await RawClient.ConnectAsync(Port);
        await client.SendAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        await Upstream.WaitForRequestsAsync(1);
        await using var drain = ProxyProcess.Start("drain", "origin", Endpoint, "-c", Config.Path);

        await Poll.UntilAsync(() => drain.Output.Contains("1 in flight", StringComparison.Ordinal), TimeSpan.FromSeconds(30));
        gate.SetResult();

        Assert.Equal(0, await drain.ExitAsync());
        Assert.Contains("is empty", drain.Output, StringComparison.Ordinal);
        Assert.Equal("late", (await client.ReadResponseAsync()).Text);
    }

    [Fact]
    public async Task Drain_gives_up_when_its_time_is_up_and_can_be_undone()
    {
        Answer = _ => UpstreamResponse.Never();
        await using var client = await RawClient.ConnectAsync(Port);
        await client.SendAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        await Upstream.WaitForRequestsAsync(1);

        var (gaveUp, _, error) = await ProxyProcess.RunAsync("drain", "origin", Endpoint, "-c", Config.Path, "--timeout", "300ms");
        var (undone, output, _) = await ProxyProcess.RunAsync("drain", "origin", Endpoint, "-c", Config.Path, "--undo");

        Assert.Equal(7, gaveUp);
        Assert.Contains("1 in flight", error, StringComparison.Ordinal);
        Assert.Equal(0, undone);
        Assert.Contains("takes requests again", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Drain_of_the_proxy_ends_it_once_nothing_is_in_flight()
    {
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Answer = _ => UpstreamResponse.After(gate.Task).Then(UpstreamResponse.Ok("late"));
        await using var client = await RawClient.ConnectAsync(Port);
        await client.SendAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        await Upstream.WaitForRequestsAsync(1);
        await using var drain = ProxyProcess.Start("drain", "-c", Config.Path);

        await Poll.UntilAsync(() => drain.Output.Contains("1 connections, 1 in flight", StringComparison.Ordinal), TimeSpan.FromSeconds(30));
        gate.SetResult();

        Assert.Equal("late", (await client.ReadResponseAsync()).Text);
        Assert.Equal(0, await Proxy.ExitAsync());
        Assert.Equal(0, await drain.ExitAsync());
        Assert.Contains("it has ended", drain.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_change_without_the_token_is_refused()
    {
        var (code, _, error) = await ProxyProcess.RunAsync("drain", "--admin", Admin);

        Assert.Equal(6, code);
        Assert.Contains("token_required", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_token_may_come_from_a_file()
    {
        var (code, output, _) = await ProxyProcess.RunAsync(
            "drain", "origin", Endpoint, "--admin", Admin, "--token-file", Path.Combine(Config.Folder, "token"));

        Assert.Equal(0, code);
        Assert.Contains("gets no new clients", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_reload_over_the_api_takes_the_file_over_and_says_what_is_wrong_with_it()
    {
        using var http = new HttpClient { BaseAddress = new Uri($"http://{Admin}") };
        http.DefaultRequestHeaders.Authorization = new("Bearer", Token);
        var text = await File.ReadAllTextAsync(Config.Path);

        await Config.ReplaceAsync(text + "\nnonsense: 1\n");
        using var refused = await http.PostAsync("/reload", null);
        Assert.Equal(422, (int)refused.StatusCode);
        Assert.Contains("unknown option", await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);

        await Config.ReplaceAsync(text + "\nruntime: { shutdown_grace: 1s }\n");
        using var applied = await http.PostAsync("/reload", null);
        Assert.Equal(200, (int)applied.StatusCode);
        Assert.Contains("\"shutdown_grace\": \"1s\"", await http.GetStringAsync("/config"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Plugins_are_shown_with_what_they_bring_and_where_it_stands()
    {
        using var http = new HttpClient { BaseAddress = new Uri($"http://{Admin}") };

        var plugin = JsonNode.Parse(await http.GetStringAsync("/plugins"))![0]!;

        Assert.Equal(("HelloFilter", "hello", "http.filters.hello"), ((string?)plugin["name"], (string?)plugin["components"]![0], (string?)plugin["in_use"]![0]));
    }

    [Fact]
    public async Task Tail_ends_when_its_reader_has_had_enough()
    {
        await using var pipe = ProxyProcess.Start(["-c", $"set -o pipefail; '{Repository.ProxyExecutable}' tail --admin {Admin} | head -n 1"], null, "/bin/bash");
        var exited = pipe.ExitAsync();
        while (!exited.IsCompleted)
        {
            await SendAsync("GET /x HTTP/1.1\r\nHost: a\r\n\r\n");
        }

        Assert.Equal(0, await exited);
        Assert.Contains("GET a/x", pipe.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Maintenance_is_said_by_the_same_command_and_taken_back_by_it()
    {
        var (put, said, _) = await ProxyProcess.RunAsync("drain", "origin", Endpoint, "--maintenance", "-c", Config.Path);
        var (wrong, _, error) = await ProxyProcess.RunAsync("drain", "origin", Endpoint, "--maintenance", "--undo", "-c", Config.Path);

        Assert.Equal((0, 1), (put, wrong));
        Assert.Contains("is in maintenance", said, StringComparison.Ordinal);
        Assert.Contains("leave out --maintenance", error, StringComparison.Ordinal);
    }
}
