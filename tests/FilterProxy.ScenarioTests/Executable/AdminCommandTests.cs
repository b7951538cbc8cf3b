using System.Text.Json.Nodes;
using FilterProxy.ScenarioTests.NextJs;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.ScenarioTests.Executable;

/// <summary>The terminal commands, as processes of their own, against a running proxy.</summary>
public sealed class AdminCommandTests : IAsyncLifetime
{
    private const string Token = "a-token-of-the-test-0123";
    private readonly int _port = ServerProcess.FreePort();
    private readonly int _adminPort = ServerProcess.FreePort();
    private TestUpstream _upstream = null!;
    private ConfigFile _file = null!;
    private ProxyProcess _proxy = null!;
    private Func<UpstreamRequest, UpstreamResponse> _answer = _ => UpstreamResponse.Ok("ok");

    public async Task InitializeAsync()
    {
        _upstream = TestUpstream.Start(request => _answer(request));
        _file = ConfigFile.Forwarding(_port, _upstream.Port, $"admin: {{ address: \"127.0.0.1:{_adminPort}\", token: \"${{file:token}}\" }}");
        await File.WriteAllTextAsync(Path.Combine(_file.Folder, "token"), Token);
        _proxy = ProxyProcess.Start("run", "-c", _file.Path);
        await _proxy.ReadyAsync();
    }

    public async Task DisposeAsync()
    {
        await _proxy.DisposeAsync();
        await _upstream.DisposeAsync();
        _file.Dispose();
    }

    [Fact]
    public async Task Status_shows_listeners_and_endpoints_of_the_proxy_its_configuration_names()
    {
        var (code, output, error) = await ProxyProcess.RunAsync("status", "-c", _file.Path);

        Assert.Equal((0, ""), (code, error));
        Assert.Matches(@"state\s+ready", output);
        Assert.Matches($@"web\s+http://127\.0\.0\.1:{_port}\s+http1\s+no\s+0", output);
        Assert.Matches($@"origin\s+127\.0\.0\.1:{_upstream.Port}\s+active\s+healthy\s+1", output);
        Assert.DoesNotContain('\x1b', output);
    }

    [Fact]
    public async Task Status_as_json_can_be_read_by_programs()
    {
        var (code, output, _) = await ProxyProcess.RunAsync("status", "--json", "--admin", $"127.0.0.1:{_adminPort}");

        var answer = JsonNode.Parse(output)!;
        Assert.Equal((0, "ready", "web", "origin"), (code, (string?)answer["stats"]!["state"], (string?)answer["listeners"]![0]!["name"], (string?)answer["clusters"]![0]!["name"]));
    }

    [Fact]
    public async Task Top_shows_the_busiest_routes_and_endpoints()
    {
        using var stop = new CancellationTokenSource();
        var traffic = SendAllTheTimeAsync(stop.Token);

        var (code, output, error) = await ProxyProcess.RunAsync("top", "-n", "1", "--interval", "500ms", "--admin", $"127.0.0.1:{_adminPort}");

        await stop.CancelAsync();
        await traffic;
        Assert.Equal((0, ""), (code, error));
        Assert.Matches(@"Route\s+Requests/s\s+Errors/s\s+p50\s+p99", output);
        Assert.Matches(@"all\s+[1-9][0-9.]*\s+0\s+[0-9.]+m?s\s+[0-9.]+m?s", output);
        Assert.Matches($@"origin/127\.0\.0\.1:{_upstream.Port}\s+[1-9]", output);
    }

    [Fact]
    public async Task Tail_shows_exchanges_as_they_end()
    {
        await using var tail = ProxyProcess.Start("tail", "-n", "1", "--admin", $"127.0.0.1:{_adminPort}");
        var exited = tail.ExitAsync();
        while (!exited.IsCompleted)
        {
            // It follows at some time after its start.
            await SendAsync("GET /x HTTP/1.1\r\nHost: a\r\n\r\n");
        }

        Assert.Equal(0, await exited);
        Assert.Matches($@"^\d\d:\d\d:\d\d\.\d\d\d 200 GET a/x  all → origin/127\.0\.0\.1:{_upstream.Port}  \S+  127\.0\.0\.1  [0-9a-f]{{32}}\n$", tail.Output);
        Assert.DoesNotContain('\x1b', tail.Output);
    }

    [Fact]
    public async Task Drain_of_an_endpoint_waits_until_nothing_is_in_flight_on_it()
    {
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _answer = _ => UpstreamResponse.After(gate.Task).Then(UpstreamResponse.Ok("late"));
        await using var client = await RawClient.ConnectAsync(_port);
        await client.SendAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        await _upstream.WaitForRequestsAsync(1);
        await using var drain = ProxyProcess.Start("drain", "origin", $"127.0.0.1:{_upstream.Port}", "-c", _file.Path);

        await Poll.UntilAsync(() => drain.Output.Contains("1 in flight", StringComparison.Ordinal), TimeSpan.FromSeconds(30));
        gate.SetResult();

        Assert.Equal(0, await drain.ExitAsync());
        Assert.Contains("is empty", drain.Output, StringComparison.Ordinal);
        Assert.Equal("late", (await client.ReadResponseAsync()).Text);
    }

    [Fact]
    public async Task Drain_gives_up_when_its_time_is_up_and_can_be_undone()
    {
        _answer = _ => UpstreamResponse.Never();
        await using var client = await RawClient.ConnectAsync(_port);
        await client.SendAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        await _upstream.WaitForRequestsAsync(1);

        var (gaveUp, _, error) = await ProxyProcess.RunAsync("drain", "origin", $"127.0.0.1:{_upstream.Port}", "-c", _file.Path, "--timeout", "300ms");
        var (undone, output, _) = await ProxyProcess.RunAsync("drain", "origin", $"127.0.0.1:{_upstream.Port}", "-c", _file.Path, "--undo");

        Assert.Equal(7, gaveUp);
        Assert.Contains("1 in flight", error, StringComparison.Ordinal);
        Assert.Equal(0, undone);
        Assert.Contains("takes requests again", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Drain_of_the_proxy_ends_it_once_nothing_is_in_flight()
    {
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _answer = _ => UpstreamResponse.After(gate.Task).Then(UpstreamResponse.Ok("late"));
        await using var client = await RawClient.ConnectAsync(_port);
        await client.SendAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        await _upstream.WaitForRequestsAsync(1);
        await using var drain = ProxyProcess.Start("drain", "-c", _file.Path);

        await Poll.UntilAsync(() => drain.Output.Contains("1 connections, 1 in flight", StringComparison.Ordinal), TimeSpan.FromSeconds(30));
        gate.SetResult();

        Assert.Equal("late", (await client.ReadResponseAsync()).Text);
        Assert.Equal(0, await _proxy.ExitAsync());
        Assert.Equal(0, await drain.ExitAsync());
        Assert.Contains("it has ended", drain.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_change_without_the_token_is_refused()
    {
        var (code, _, error) = await ProxyProcess.RunAsync("drain", "--admin", $"127.0.0.1:{_adminPort}");

        Assert.Equal(6, code);
        Assert.Contains("token_required", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_token_may_come_from_a_file()
    {
        var (code, output, _) = await ProxyProcess.RunAsync(
            "drain", "origin", $"127.0.0.1:{_upstream.Port}", "--admin", $"127.0.0.1:{_adminPort}", "--token-file", Path.Combine(_file.Folder, "token"));

        Assert.Equal(0, code);
        Assert.Contains("gets no new requests", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_reload_over_the_api_takes_the_file_over_and_says_what_is_wrong_with_it()
    {
        using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{_adminPort}") };
        http.DefaultRequestHeaders.Authorization = new("Bearer", Token);
        var text = await File.ReadAllTextAsync(_file.Path);

        await _file.ReplaceAsync(text + "\nnonsense: 1\n");
        using var refused = await http.PostAsync("/reload", null);
        Assert.Equal(422, (int)refused.StatusCode);
        Assert.Contains("unknown option", await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);

        await _file.ReplaceAsync(text + "\nruntime: { shutdown_grace: 1s }\n");
        using var applied = await http.PostAsync("/reload", null);
        Assert.Equal(200, (int)applied.StatusCode);
        Assert.Contains("\"shutdown_grace\": \"1s\"", await http.GetStringAsync("/config"), StringComparison.Ordinal);
    }

    private async Task SendAllTheTimeAsync(CancellationToken stop)
    {
        await using var client = await RawClient.ConnectAsync(_port);
        while (!stop.IsCancellationRequested)
        {
            await client.RoundTripAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        }
    }

    private async Task SendAsync(string request)
    {
        await using var client = await RawClient.ConnectAsync(_port);
        await client.RoundTripAsync(request);
    }
}
