using System.Diagnostics;
using FilterProxy.ScenarioTests.NextJs;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.ScenarioTests.Executable;

/// <summary>A filter made from the template outside of the repository, from packages, and taken over by a proxy that runs.</summary>
public sealed class TemplateTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("filterproxy-template-").FullName;
    private readonly string _version = $"0.1.0-test.{Environment.ProcessId}";

    [Fact]
    public async Task A_filter_from_the_template_runs_without_a_restart()
    {
        await PackAsync("src/FilterProxy.Abstractions");
        var project = await CreateAsync("Country");
        await using var upstream = TestUpstream.Start(request => UpstreamResponse.Ok(request.Headers["x-country"] ?? "none"));
        var port = ServerProcess.FreePort();
        using var file = new ConfigFile(Using(port, upstream.Port, "", ""));
        await using var proxy = ProxyProcess.Start("run", "-c", file.Path);
        await proxy.ReadyAsync();

        await PublishAsync(project, Path.Combine(file.Folder, "Country"));
        await file.ReplaceAsync(Using(port, upstream.Port, "Country", "{ country: { value: NL } }"));

        await Poll.UntilAsync(async () => await AskAsync(port) == "NL", TimeSpan.FromSeconds(30));
        Assert.False(File.Exists(Path.Combine(file.Folder, "Country", "FilterProxy.Abstractions.dll")), "The contract is the host's.");
    }

    [Fact, Trait("suite", "long")]
    public async Task The_tests_of_the_template_pass_with_the_packed_TestKit()
    {
        foreach (var packed in (string[])["src/FilterProxy.Abstractions", "src/FilterProxy.Core", "tests/FilterProxy.TestKit"])
        {
            await PackAsync(packed);
        }

        var project = await CreateAsync("GeoFence");

        await DotnetAsync(project, "test", "tests", "-c", "Release", "--disable-build-servers");
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static string Using(int port, int upstream, string plugin, string filter) => $$"""
        plugin_path: .
        plugins: [{{plugin}}]
        listeners: { web: { address: "127.0.0.1:{{port}}" } }
        routes: [ { name: all, cluster: origin, filters: [ {{filter}} ] } ]
        clusters: { origin: { endpoints: ["127.0.0.1:{{upstream}}"] } }
        """;

    private static async Task<string> AskAsync(int port)
    {
        await using var client = await RawClient.ConnectAsync(port);
        return (await client.RoundTripAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n")).Text;
    }

    private async Task<string> CreateAsync(string name)
    {
        // A hive of its own: nothing is installed for the user who runs the tests.
        var hive = Path.Combine(_folder, "hive");
        await DotnetAsync(_folder, "new", "install", Repository.At("filters", "templates", "filterproxy-filter"), "--debug:custom-hive", hive);
        await DotnetAsync(_folder, "new", "filterproxy-filter", "-n", name, "--filterproxyVersion", _version, "--debug:custom-hive", hive);
        await File.WriteAllTextAsync(Path.Combine(_folder, "nuget.config"), $"""
            <configuration>
              <packageSources><add key="local" value="{Path.Combine(_folder, "feed")}" /></packageSources>
            </configuration>
            """);
        return Path.Combine(_folder, name);
    }

    // As built beside these tests: nothing is compiled here.
    private Task PackAsync(string project) => DotnetAsync(
        Repository.Root,
        "pack", project, "-c", Path.GetFileName(AppContext.BaseDirectory.TrimEnd('/')) == "release" ? "Release" : "Debug", "--no-build",
        "-o", Path.Combine(_folder, "feed"), $"-p:Version={_version}", "--disable-build-servers");

    private static Task PublishAsync(string project, string target) =>
        DotnetAsync(project, "publish", "-c", "Release", "-o", target, "--disable-build-servers");

    private static async Task DotnetAsync(string folder, params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", arguments)
        {
            WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true,
        };

        // Of the run that these tests are in.
        foreach (var variable in start.Environment.Keys.Where(k => k.StartsWith("MSBUILD", StringComparison.OrdinalIgnoreCase) || k.StartsWith("VSTEST", StringComparison.OrdinalIgnoreCase)).ToList())
        {
            start.Environment.Remove(variable);
        }

        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, $"dotnet {string.Join(' ', arguments)}:\n{output}{await error}");
    }
}
