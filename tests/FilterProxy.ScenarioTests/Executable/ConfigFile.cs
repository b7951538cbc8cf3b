namespace FilterProxy.ScenarioTests.Executable;

/// <summary>A configuration file in a temporary folder of its own.</summary>
internal sealed class ConfigFile : IDisposable
{
    public ConfigFile(string yaml) => File.WriteAllText(Path, yaml);

    public string Folder { get; } = Directory.CreateTempSubdirectory("filterproxy-test-").FullName;

    public string Path => System.IO.Path.Combine(Folder, "proxy.yaml");

    /// <summary>One listener, everything to one upstream; <paramref name="more"/> goes to the top level.</summary>
    public static ConfigFile Forwarding(int port, int upstreamPort, string more = "") => new($$"""
        {{more}}
        listeners: { web: { address: "127.0.0.1:{{port}}" } }
        routes: [ { name: all, cluster: origin } ]
        clusters: { origin: { endpoints: ["127.0.0.1:{{upstreamPort}}"] } }
        """);

    /// <summary>Puts another text in its place as editors do, at once.</summary>
    public async Task ReplaceAsync(string yaml)
    {
        var swap = Path + ".swp";
        await File.WriteAllTextAsync(swap, yaml);
        File.Move(swap, Path, overwrite: true);
    }

    public void Dispose() => Directory.Delete(Folder, recursive: true);
}
