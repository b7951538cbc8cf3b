using FilterProxy.Core.Config;
using FilterProxy.Core.Config.Includes;
using Xunit;

namespace FilterProxy.Tests.Config;

/// <summary>Configuration files in a temporary folder; messages call the folder <c>~</c>.</summary>
internal sealed class ConfigFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("filterproxy-config").FullName;

    public ConfigSources Sources { get; private set; } = new();

    public void Dispose() => Directory.Delete(Path, recursive: true);

    public string At(string name) => System.IO.Path.Combine(Path, name);

    public ConfigFolder Write(string name, string text)
    {
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(At(name))!);
        File.WriteAllText(At(name), text);
        return this;
    }

    public ProxyConfig Load(string name = "main.yaml")
    {
        var (config, errors) = ConfigLoader.Load(At(name), Sources = new ConfigSources());
        Assert.Equal("", errors.ToString());
        return config!;
    }

    public void AssertErrors(params string[] expected)
    {
        var (config, errors) = ConfigLoader.Load(At("main.yaml"), Sources = new ConfigSources());
        Assert.Equal(expected, errors.Items.Select(error => error.ToString().Replace(Path, "~", StringComparison.Ordinal)));
        Assert.Null(config);
    }
}
