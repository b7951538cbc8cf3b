using System.Net;
using System.Net.Sockets;
using FilterProxy.ScenarioTests.NextJs;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.ScenarioTests.Executable;

public sealed class RunTests
{
    private const string Request = "GET /x HTTP/1.1\r\nHost: a\r\n\r\n";

    [Theory]
    [InlineData("run")]
    [InlineData(null)]
    public async Task It_forwards_with_and_without_the_name_of_the_command(string? command)
    {
        await using var upstream = TestUpstream.Start();
        var port = ServerProcess.FreePort();
        using var file = ConfigFile.Forwarding(port, upstream.Port);
        await using var proxy = ProxyProcess.Start([.. command is null ? [] : new[] { command }, "-c", file.Path]);
        await proxy.ReadyAsync();

        await using var client = await RawClient.ConnectAsync(port);
        Assert.Equal("ok", (await client.RoundTripAsync(Request)).Text);
    }

    [Fact]
    public async Task It_forwards_without_inline_completions()
    {
        await using var upstream = TestUpstream.Start(r => UpstreamResponse.Ok(r.Text));
        var port = ServerProcess.FreePort();
        using var file = ConfigFile.Forwarding(port, upstream.Port, "runtime: { inline_completions: false }");
        await using var proxy = ProxyProcess.Start("run", "-c", file.Path);
        await proxy.ReadyAsync();

        await using var client = await RawClient.ConnectAsync(port);
        var body = new string('x', 300_000);
        var response = await client.RoundTripAsync($"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {body.Length}\r\n\r\n{body}");
        Assert.Equal(body, response.Text);
    }

    [Fact]
    public async Task The_banner_is_a_table_of_listeners_routes_and_clusters_in_plain_text()
    {
        var port = ServerProcess.FreePort();
        using var file = ConfigFile.Forwarding(port, 9);
        await using var proxy = ProxyProcess.Start(["run", "-c", file.Path], new() { ["TERM"] = "xterm-256color", ["COLORTERM"] = "truecolor" });
        await proxy.ReadyAsync();

        // Log lines may come before it and after it, never within.
        var banner = proxy.Error[proxy.Error.IndexOf("FilterProxy 0", StringComparison.Ordinal)..];
        banner = banner[..(banner.IndexOf("Ready.\n", StringComparison.Ordinal) + "Ready.\n".Length)];
        Assert.Equal(
            $"""
            FilterProxy {await VersionAsync()}, configuration {file.Path}

              Listener   Address                  Filters
              --------   ----------------------   -------
              web        {$"http://127.0.0.1:{port}",-22}   -

              Route   Host   Path   Goes to
              -----   ----   ----   -------
              all     any    any    origin

              Cluster   Load balancer          Endpoints
              -------   --------------------   -----------
              origin    power_of_two_choices   127.0.0.1:9

            Ready.

            """,
            banner);
        Assert.DoesNotContain('\x1b', proxy.Error);
        Assert.Empty(proxy.Output);
    }

    [Theory]
    [InlineData("direct")]
    [InlineData("sockets")]
    public async Task A_listener_whose_port_is_taken_is_one_clear_line(string io)
    {
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        var port = ((IPEndPoint)other.LocalEndpoint).Port;
        using var file = new ConfigFile($$"""
            listeners: { web: { address: "127.0.0.1:{{port}}", io: {{io}} } }
            routes: [ { respond: { body: hi } } ]
            """);

        var (code, _, error) = await ProxyProcess.RunAsync("run", "-c", file.Path);

        Assert.Equal((3, $"listener 'web' cannot listen on 127.0.0.1:{port}: Address already in use\n"), (code, error));
    }

    [Fact]
    public async Task A_bad_configuration_starts_nothing()
    {
        using var file = new ConfigFile("listeners: {}");

        var (code, _, error) = await ProxyProcess.RunAsync("run", "-c", file.Path);

        Assert.Equal(2, code);
        Assert.StartsWith($"{file.Path}:1:12: the configuration has no listeners", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Plugins_are_found_beside_the_executable()
    {
        await using var upstream = TestUpstream.Start();
        var port = ServerProcess.FreePort();
        using var file = ConfigFile.Forwarding(
            port, upstream.Port, "plugins: [AccessLog, Headers, HelloFilter]\nhttp: { route_filters: [access_log, hello: { greeting: you }] }");
        await using var proxy = ProxyProcess.Start("run", "-c", file.Path);
        await proxy.ReadyAsync();

        await using var client = await RawClient.ConnectAsync(port);
        Assert.Equal("you", (await client.RoundTripAsync(Request)).Headers["x-hello"]);
        await Poll.UntilAsync(() => proxy.Output.Contains("\"GET /x HTTP/1.1\" 200", StringComparison.Ordinal));
    }

    private static async Task<string> VersionAsync() => (await ProxyProcess.RunAsync("version")).Output["filterproxy ".Length..].Trim();
}
