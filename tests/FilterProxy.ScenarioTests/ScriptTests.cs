using System.Diagnostics;
using FilterProxy.ScenarioTests.Executable;
using FilterProxy.ScenarioTests.NextJs;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.ScenarioTests;

/// <summary>Routing scripts in the executable: the example, its cases, edits while it runs, and TypeScript.</summary>
public sealed class ScriptTests
{
    private static readonly string Examples = Repository.At("conf", "examples");

    [Fact]
    public async Task The_example_routes_as_it_says_and_an_edit_takes_effect_on_save()
    {
        await using var main = TestUpstream.Start(_ => UpstreamResponse.Ok("main"));
        await using var beta = TestUpstream.Start(_ => UpstreamResponse.Ok("beta"));
        await using var canary = TestUpstream.Start(_ => UpstreamResponse.Ok("canary"));
        await using var acme = TestUpstream.Start(request => UpstreamResponse.Ok("acme " + request.Headers["x-tenant"]));
        var port = ServerProcess.FreePort();
        var yaml = (await File.ReadAllTextAsync(Path.Combine(Examples, "script-routing.yaml")))
            .Replace("127.0.0.1:8080", $"127.0.0.1:{port}").Replace("127.0.0.1:3001", $"127.0.0.1:{main.Port}").Replace("127.0.0.1:3002", $"127.0.0.1:{beta.Port}")
            .Replace("127.0.0.1:3003", $"127.0.0.1:{canary.Port}").Replace("127.0.0.1:3004", $"127.0.0.1:{acme.Port}");
        using var file = new ConfigFile(yaml);
        var script = Path.Combine(file.Folder, "routes.js");
        File.Copy(Path.Combine(Examples, "routes.js"), script);
        await using var proxy = ProxyProcess.Start("run", "-c", file.Path);
        await proxy.ReadyAsync();

        Assert.Equal("main", await AskAsync(port, "visitor=v1"));
        Assert.Equal("canary", await AskAsync(port, "visitor=v11"));
        Assert.Equal("beta", await AskAsync(port, "user=bob"));
        Assert.Equal("acme acme", await AskAsync(port, "visitor=v1", "acme.example.com"));

        // A broken edit keeps the old script and says where it is broken.
        var text = await File.ReadAllTextAsync(script);
        await File.WriteAllTextAsync(script, text + "\nfunction broken( {\n");
        await Poll.UntilAsync(() => proxy.Error.Contains("script: routes.js:30:", StringComparison.Ordinal), TimeSpan.FromSeconds(30));
        Assert.Equal("beta", await AskAsync(port, "user=bob"));

        await File.WriteAllTextAsync(script, text.Replace("return 'beta'", "return { reply: { status: 418 } }"));
        await Poll.UntilAsync(async () => await StatusAsync(port, "user=bob") == 418, TimeSpan.FromSeconds(30));
        await File.WriteAllTextAsync(script, text.Replace("return 'beta'", "throw new Error('no beta')"));
        await Poll.UntilAsync(async () => await StatusAsync(port, "user=bob") == 200 && await AskAsync(port, "user=bob") == "main", TimeSpan.FromSeconds(30));
        await Poll.UntilAsync(() => proxy.Error.Contains("Error: no beta: its requests go to cluster 'main'", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_cases_beside_the_example_pass()
    {
        var (code, output, error) = await ProxyProcess.RunAsync("script", "test", Path.Combine(Examples, "routes.js"));

        Assert.Equal((0, ""), (code, error));
        Assert.EndsWith("7 passed, 0 failed\n", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{ "cases": [ { "name": "wrong", "expect": { "cluster": "other" } } ] }""", "cluster: expected other, got one")]
    [InlineData("""{ "cases": [ { "name": "typo", "request": { "hots": "a" }, "expect": {} } ] }""", "routes.test.json:1: ")]
    [InlineData("""{ "cases": [ ] }""", "0 passed, 0 failed")]
    [InlineData(null, "there are no cases for it")]
    public async Task Cases_that_do_not_hold_are_said_and_told_by_the_exit_code(string? cases, string message)
    {
        using var folder = new ConfigFile("");
        var script = Path.Combine(folder.Folder, "routes.js");
        await File.WriteAllTextAsync(script, "function route() { return 'one'; }");
        if (cases is not null)
        {
            await File.WriteAllTextAsync(Path.Combine(folder.Folder, "routes.test.json"), cases);
        }

        var (code, output, _) = await ProxyProcess.RunAsync("script", "test", script);

        Assert.Equal(2, code);
        Assert.Contains(message, output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_TypeScript_example_is_checked_lowered_and_run()
    {
        using var folder = new ConfigFile("");
        foreach (var file in Directory.GetFiles(Path.Combine(Examples, "script-routing-ts")))
        {
            File.Copy(file, Path.Combine(folder.Folder, Path.GetFileName(file)));
        }

        await RunAsync(folder.Folder, "npm", "install", "--no-audit", "--no-fund", "--no-save", "typescript@5");
        await RunAsync(folder.Folder, "npx", "tsc", "-p", ".");
        await File.WriteAllTextAsync(Path.Combine(folder.Folder, "lowered", "routes.test.json"), """
            {
              "config": { "betaUsers": ["alice"], "canaryPercent": 10 },
              "cases": [
                { "name": "beta", "request": { "user": "alice", "host": "a.example" }, "expect": { "cluster": "beta", "headers": { "x-rule": "beta for a.example" } } },
                { "name": "canary", "request": { "cookies": { "visitor": "v11" } }, "expect": { "cluster": "canary" } },
                { "name": "others", "request": { "cookies": { "visitor": "v1" } }, "expect": {} }
              ]
            }
            """);

        var (code, output, error) = await ProxyProcess.RunAsync("script", "test", Path.Combine(folder.Folder, "lowered", "routes.js"));

        Assert.Equal((0, ""), (code, error));
        Assert.EndsWith("3 passed, 0 failed\n", output, StringComparison.Ordinal);
    }

    [Fact]
    public void The_description_beside_the_TypeScript_example_is_the_one_of_the_filter() => Assert.Equal(
        File.ReadAllText(Repository.At("filters", "Script", "filterproxy-script.d.ts")),
        File.ReadAllText(Path.Combine(Examples, "script-routing-ts", "filterproxy-script.d.ts")));

    private static async Task<string> AskAsync(int port, string cookie, string host = "www.example.com") => (await SendAsync(port, cookie, host)).Text;

    private static async Task<int> StatusAsync(int port, string cookie) => (await SendAsync(port, cookie, "www.example.com")).Status;

    private static async Task<RawResponse> SendAsync(int port, string cookie, string host)
    {
        await using var client = await RawClient.ConnectAsync(port);
        return await client.RoundTripAsync($"GET / HTTP/1.1\r\nHost: {host}\r\nCookie: {cookie}\r\n\r\n");
    }

    private static async Task RunAsync(string folder, string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true,
        })!;
        var error = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, output + await error);
    }
}
