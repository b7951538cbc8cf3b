using FilterProxy.Core;
using FilterProxy.Core.Config;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace FilterProxy.Tests.Config;

/// <summary>What only compiling can find: components, their options, files.</summary>
public sealed class ConfigCompilerTests
{
    private const string Rest = """

        listeners: { web: { address: "127.0.0.1:0" } }
        routes: [ { name: all, cluster: origin } ]
        clusters: { origin: { endpoints: ["127.0.0.1:1"] } }
        """;

    [Theory]
    [InlineData("http: { filters: [ heders ] }", "test.yaml:1:20: there is no filter 'heders'")]
    [InlineData("plugins: [ Nowhere ]", "test.yaml:1:12: plugin 'Nowhere' was not found")]
    [InlineData("plugins: [ ../evil ]", "test.yaml:1:12: '../evil' cannot be the n")]
    [InlineData("http: { route_filters: [ round_robin ] }", "test.yaml:1:26: there is no filter 'round_robin'")]
    public async Task An_error_is_at_its_place(string line, string expected) =>
        Assert.Contains(expected, await CompileAsync(line + Rest), StringComparison.Ordinal);

    [Theory]
    [InlineData("listeners: { web: { address: \"127.0.0.1:0\", protocols: [http3] } }", "http3 needs http1 or http2 beside it")]
    [InlineData("listeners: { web: { address: \"127.0.0.1:0\", filters: [ tls: { certificates: [] } ] } }", "tls needs at least one certificate")]
    [InlineData("listeners: { web: { address: \"127.0.0.1:0\", filters: [ tls ] } }", "certificates")]
    [InlineData(
        "listeners: { web: { address: \"127.0.0.1:0\", filters: [ tls: { certificates: [ file: { cert: no.pem, key: no.key } ] } ] } }",
        "test.yaml:1:79: file: ")]
    public async Task A_listener_that_cannot_serve_is_refused(string listeners, string expected) =>
        Assert.Contains(
            expected,
            await CompileAsync(listeners + "\nroutes: [ { name: all, respond: { status: 204 } } ]\n"),
            StringComparison.Ordinal);

    [Fact]
    public async Task A_balancer_that_is_not_there_is_named_with_those_that_are()
    {
        var errors = await CompileAsync("""
            listeners: { web: { address: "127.0.0.1:0" } }
            routes: [ { name: all, cluster: origin } ]
            clusters: { origin: { load_balancer: round_robbin, endpoints: ["127.0.0.1:1"] } }
            """);

        Assert.Contains("there is no load balancer 'round_robbin' (did you mean 'round_robin'?)", errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task All_errors_come_at_once()
    {
        var errors = await CompileAsync("http: { filters: [ one, two ] }\nplugins: [ Three ]" + Rest);

        Assert.Contains("'one'", errors, StringComparison.Ordinal);
        Assert.Contains("'two'", errors, StringComparison.Ordinal);
        Assert.Contains("'Three'", errors, StringComparison.Ordinal);
    }

    private static async Task<string> CompileAsync(string text)
    {
        await using var engine = new Engine(new EngineOptions
        {
            Loggers = NullLoggerFactory.Instance,
            PluginPath = Path.Combine(AppContext.BaseDirectory, "plugins"),
            ConfigDirectory = AppContext.BaseDirectory,
        });
        var (config, errors) = ConfigLoader.Parse(text, "test.yaml", static _ => null);
        if (config is not null)
        {
            Assert.Null(engine.Compile(config, errors));
        }

        return errors.ToString();
    }
}
