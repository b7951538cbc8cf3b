using System.Text.Json;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.ScenarioTests.Executable;

public sealed class PluginsTests
{
    private const string Empty = """

        listeners: { web: { address: "127.0.0.1:0" } }
        routes: [ { name: all, respond: { status: 204 } } ]
        """;

    [Fact]
    public async Task It_lists_what_is_installed_with_components_phases_and_options()
    {
        using var file = new ConfigFile("plugins: [Headers]" + Empty);

        var (code, output, error) = await ProxyProcess.RunAsync("plugins", "-c", file.Path);

        Assert.Equal((0, ""), (code, error));
        Assert.Matches(@"Headers +0\.1\.0 +\d+\.\d+ +in use +headers \(filter: request_filter, response_filter\)", output);
        Assert.Matches(@"HelloFilter +0\.1\.0 +\d+\.\d+ +installed +hello \(filter: response_filter\)", output);
        Assert.Matches(@"hello\.greeting +text +world +What `x-hello` says\.", output);
    }

    [Fact]
    public async Task A_plugin_that_is_named_and_refused_is_an_error_with_its_reason()
    {
        using var file = new ConfigFile($"plugin_path: .\nplugins: [ Broken, Nothing, {{ Pinned: {{ sha256: {new string('0', 64)} }} }} ]" + Empty);
        Directory.CreateDirectory(Path.Combine(file.Folder, "Broken"));
        await File.WriteAllTextAsync(Path.Combine(file.Folder, "Broken", "FilterProxy.Filters.Broken.dll"), "no assembly");
        await PluginCompiler.WriteAsync(file.Folder, "Pinned", "1.2.3", "");

        var (code, output, _) = await ProxyProcess.RunAsync("plugins", "-c", file.Path, "--json");

        Assert.Equal(2, code);
        var plugins = JsonDocument.Parse(output).RootElement.EnumerateArray().ToDictionary(p => p.GetProperty("name").GetString()!);
        Assert.All(plugins.Values, plugin => Assert.Equal("refused", plugin.GetProperty("state").GetString()));
        Assert.Contains("could not be loaded", plugins["Broken"].GetProperty("refusal").GetString(), StringComparison.Ordinal);
        Assert.Contains("was not found", plugins["Nothing"].GetProperty("refusal").GetString(), StringComparison.Ordinal);
        Assert.Equal("1.2.3", plugins["Pinned"].GetProperty("version").GetString());
        Assert.Contains(plugins["Pinned"].GetProperty("sha256").GetString()!, plugins["Pinned"].GetProperty("refusal").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_plugin_that_is_installed_and_of_no_use_is_no_error()
    {
        using var file = new ConfigFile("plugin_path: ." + Empty);
        await PluginCompiler.WriteAsync(file.Folder, "Stranger", "1.0.0", "public class Nothing;");

        var (code, output, _) = await ProxyProcess.RunAsync("plugins", "-c", file.Path);

        Assert.Equal(0, code);
        Assert.Contains("Stranger is refused: plugin 'Stranger' 1.0.0 does not reference FilterProxy.Abstractions", output, StringComparison.Ordinal);
    }
}
