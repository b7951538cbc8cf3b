using System.Text.Json.Nodes;
using Xunit;

namespace FilterProxy.ScenarioTests.Executable;

public sealed class ExplainTests
{
    [Fact]
    public async Task The_default_configuration_explains_itself()
    {
        var (code, output, error) = await ProxyProcess.RunAsync("explain", "GET", "https://example.com/api/admin/x", "-H", "cookie: beta=1");

        Assert.Equal((0, ""), (code, error));
        Assert.Contains("route       admin-api (conf/filterproxy.yaml:", output, StringComparison.Ordinal);
        Assert.Contains("endpoint    http://127.0.0.1:3002\nchosen      127.0.0.1:3002\nas          /admin/api/x with Host example.com\n", output, StringComparison.Ordinal);
        Assert.Contains("  main: would match, but 'admin-api' is more specific or comes first\n", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Json_is_for_programs()
    {
        using var file = ConfigFile.Forwarding(8080, 9);

        var (code, output, _) = await ProxyProcess.RunAsync("explain", "GET", "/x", "--json", "-c", file.Path);

        var json = JsonNode.Parse(output)!;
        Assert.Equal((0, "all", "http://127.0.0.1:9"), (code, (string?)json["route"]!["name"], (string?)json["route"]!["clusters"]![0]!["endpoints"]![0]));
    }

    [Fact]
    public async Task What_nothing_serves_has_its_own_exit_code()
    {
        using var file = new ConfigFile("listeners: { web: { address: 127.0.0.1:1 } }");

        var (code, output, _) = await ProxyProcess.RunAsync("explain", "GET", "/x", "-c", file.Path);

        Assert.Equal(3, code);
        Assert.Contains("not served  no route takes it: 404 no_route\n", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_configuration_with_errors_explains_nothing()
    {
        using var file = new ConfigFile("listeners: {}");

        var (code, output, error) = await ProxyProcess.RunAsync("explain", "GET", "/x", "-c", file.Path);

        Assert.Equal((2, ""), (code, output));
        Assert.Contains("has no listeners", error, StringComparison.Ordinal);
    }
}
