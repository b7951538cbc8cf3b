using FilterProxy.Core.Config;
using FilterProxy.Core.Config.Tree;
using Xunit;

namespace FilterProxy.Tests.Config;

/// <summary>Configuration text in tests: file name <c>c.yaml</c>, an environment of its own.</summary>
internal static class ConfigText
{
    public const string Listener = "listeners: { web: { address: 127.0.0.1:0 } }\n";

    /// <summary>What a route needs around it: `routes:` comes at line 4.</summary>
    public const string Basis = """
        listeners: { web: { address: "127.0.0.1:0" } }
        clusters:
          app: { endpoints: [127.0.0.1:3000] }

        """;

    public static string? Environment(string name) => name switch { "PORT" => "9090", "EMPTY" => "", "TRICK" => "a: [b", _ => null };

    public static ProxyConfig Load(string text)
    {
        var (config, errors) = ConfigLoader.Parse(text, "c.yaml", Environment);
        Assert.Equal("", errors.ToString());
        return config!;
    }

    public static void AssertErrors(string text, params string[] expected)
    {
        var (config, errors) = ConfigLoader.Parse(text, "c.yaml", Environment);
        Assert.Equal(expected, errors.Items.Select(error => error.ToString()));
        Assert.Null(config);
    }

    public static ConfigNode Read(string text)
    {
        var errors = new ConfigErrors();
        var node = YamlTreeReader.Read(text, "c.yaml", Environment, errors);
        Assert.Equal("", errors.ToString());
        return node!;
    }

    public static void AssertTreeErrors(string text, params string[] expected)
    {
        var errors = new ConfigErrors();
        YamlTreeReader.Read(text, "c.yaml", Environment, errors);
        Assert.Equal(expected, errors.Items.Select(error => error.ToString()));
    }
}
