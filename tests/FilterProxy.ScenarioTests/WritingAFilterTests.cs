using System.Diagnostics;
using System.Reflection;
using System.Text.RegularExpressions;
using FilterProxy.ScenarioTests.NextJs;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.ScenarioTests;

/// <summary>docs/writing-a-filter.md, followed word by word: its commands are run, its files compiled, its test and its configuration used.</summary>
public sealed class WritingAFilterTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("filterproxy-docs-").FullName;
    private readonly string _text = File.ReadAllText(Repository.At("docs", "writing-a-filter.md"));

    [Fact]
    public void The_commands_make_the_files_that_are_then_written()
    {
        foreach (var file in Directory.GetFiles(Repository.At("filters", "HelloFilter")))
        {
            var copy = Path.Combine(_folder, "filters", "HelloFilter", Path.GetFileName(file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }

        File.Copy(Repository.At("FilterProxy.sln"), Path.Combine(_folder, "FilterProxy.sln"));
        using var shell = Process.Start(new ProcessStartInfo("bash", ["-euc", Block("bash")]) { WorkingDirectory = _folder, RedirectStandardOutput = true })!;
        var output = shell.StandardOutput.ReadToEnd();
        shell.WaitForExit();

        Assert.True(shell.ExitCode == 0, output);
        Assert.Equal(
            ["Country.csproj", "CountryFilter.cs", "CountryOptions.cs", "README.md"],
            Directory.GetFiles(Path.Combine(_folder, "filters", "Country")).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Assert.Contains("Country.csproj", File.ReadAllText(Path.Combine(_folder, "FilterProxy.sln")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Its_filter_runs_with_its_configuration()
    {
        await WriteFilterAsync();
        await using var upstream = TestUpstream.Start(request => UpstreamResponse.Ok(request.Headers["x-country"] ?? "none"));
        string Configuration(string yaml) => $$"""
            plugin_path: {{_folder}}
            {{yaml}}
            clusters: { app: { endpoints: ["127.0.0.1:{{upstream.Port}}"] } }
            """;
        await using var proxy = await TestProxy.StartAsync(Configuration(Block("yaml")));

        Assert.Equal("local", (await proxy.SendAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n")).Text);

        // The error the page quotes.
        var refusal = await proxy.ReloadAsync(Configuration(Block("yaml").Replace("deny:", "deni:", StringComparison.Ordinal)));
        Assert.Contains(Regex.Match(_text, "A typo is an error with its place: `(.*)`").Groups[1].Value.Split('(')[0].Trim(), refusal, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Its_test_passes()
    {
        var filter = await WriteFilterAsync();
        var file = Path.Combine(_folder, "Tests.dll");
        await PluginCompiler.CompileAsync(
            file, "1.0.0", Block("csharp", 2), filter, typeof(TestExchange).Assembly.Location, typeof(FactAttribute).Assembly.Location, typeof(Assert).Assembly.Location);
        Assembly.LoadFrom(filter);

        var tests = Assembly.LoadFrom(file).GetTypes().SelectMany(type => type.GetMethods()).Where(method => method.IsDefined(typeof(FactAttribute))).ToList();

        Assert.Equal(2, tests.Count);
        foreach (var test in tests)
        {
            await (Task)test.Invoke(Activator.CreateInstance(test.DeclaringType!), null)!;
        }
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private async Task<string> WriteFilterAsync()
    {
        // Two files: each has its own usings.
        var (options, filter) = (Block("csharp"), Block("csharp", 1));
        Assert.Contains("`CountryOptions.cs`", _text, StringComparison.Ordinal);
        Assert.Contains("`CountryFilter.cs`", _text, StringComparison.Ordinal);
        return await PluginCompiler.WriteAsync(_folder, "Country", "1.0.0", filter + options[options.IndexOf("///", StringComparison.Ordinal)..]);
    }

    private string Block(string language, int index = 0)
    {
        var blocks = Regex.Matches(_text, $"^```{language}\\n(.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline);
        Assert.True(blocks.Count > index, $"There is no {language} block number {index + 1}.");
        return blocks[index].Groups[1].Value;
    }
}
