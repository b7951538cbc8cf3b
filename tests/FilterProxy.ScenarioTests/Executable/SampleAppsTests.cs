using System.Net;
using System.Text.Json;
using FilterProxy.ScenarioTests.NextJs;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.ScenarioTests.Executable;

/// <summary>What a newcomer sees: the default configuration, started as it is.</summary>
public sealed class SampleAppsTests
{
    [SamplePortsFact]
    public async Task Every_route_of_the_default_configuration_answers()
    {
        var port = ServerProcess.FreePort();
        await using var proxy = Start(port);
        await proxy.ReadyAsync();
        await using var client = await RawClient.ConnectAsync(port);

        foreach (var (path, app, arrives) in new[]
        {
            ("/", "main", "/"), ("/any/thing?q=1", "main", "/any/thing?q=1"), ("/adminx", "main", "/adminx"),
            ("/admin", "admin", "/admin"), ("/admin/x", "admin", "/admin/x"), ("/oauth/authorize", "oauth", "/oauth/authorize"),
            ("/kline/x", "kline", "/kline/x"), ("/flow/x", "flow", "/flow/x"), ("/test/x", "test", "/test/x"),
            ("/api/oauth/x?y=1", "oauth", "/oauth/api/x?y=1"), ("/api/kline/a/b", "kline", "/kline/api/a/b"),
        })
        {
            var response = await client.RoundTripAsync($"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n");
            using var echo = JsonDocument.Parse(response.Text);
            Assert.Equal(
                (200, app, arrives),
                (response.Status, echo.RootElement.GetProperty("app").GetString(), echo.RootElement.GetProperty("path").GetString()));
        }

        Assert.Contains("6 sample apps on 127.0.0.1:3000-3005", proxy.Error, StringComparison.Ordinal);
    }

    [SamplePortsFact]
    public async Task A_port_that_is_taken_is_left_to_whoever_has_it_and_said_so()
    {
        await using var upstream = TestUpstream.StartAt(new IPEndPoint(IPAddress.Loopback, 3004), _ => UpstreamResponse.Ok("mine"));
        var port = ServerProcess.FreePort();
        await using var proxy = Start(port);
        await proxy.ReadyAsync();
        await using var client = await RawClient.ConnectAsync(port);

        Assert.Equal("mine", (await client.RoundTripAsync("GET /flow/x HTTP/1.1\r\nHost: localhost\r\n\r\n")).Text);
        Assert.Contains("\"test\"", (await client.RoundTripAsync("GET /test/x HTTP/1.1\r\nHost: localhost\r\n\r\n")).Text, StringComparison.Ordinal);
        Assert.Contains("Port 3004 is taken: the sample app 'flow' was not started", proxy.Error, StringComparison.Ordinal);
        Assert.Contains("5 sample apps on", proxy.Error, StringComparison.Ordinal);
    }

    private static ProxyProcess Start(int port) => ProxyProcess.Start(["run"], new() { ["PORT"] = $"{port}" });
}
