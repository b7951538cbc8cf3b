using System.Text.Json.Nodes;
using FilterProxy.Filters.Script;
using FilterProxy.TestKit;

namespace FilterProxy.Filters.Tests.Script;

/// <summary>A script in a folder of its own, clusters <c>main</c> and <c>beta</c>, and what the filter did.</summary>
internal sealed class TestScript : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("filterproxy-script-").FullName;
    private readonly TestCluster _main = new("main"), _beta = new("beta");

    public TestScript()
    {
        Context.Directory = _folder;
        (Context.Clusters["main"], Context.Clusters["beta"]) = (_main, _beta);
    }

    public TestComponentContext Context { get; } = new();

    public JsonNode? Config { get; set; }

    public ScriptOptions Options { get; set; } = new() { File = "routes.js", Timeout = TimeSpan.FromSeconds(5) };

    public TestExchange Exchange(string target) => TestExchange.Get(target).WithCluster(_main).WithCluster(_beta);

    public ScriptFilter Load(string text)
    {
        File.WriteAllText(Path.Combine(_folder, Options.File), text);
        return new ScriptFilter(Options with { Config = Config?.DeepClone() }, Context);
    }

    public Task<TestRun> RunAsync(string text, TestExchange exchange) => exchange.RunAsync(Load(text));

    public void Dispose()
    {
        Context.Dispose();
        Directory.Delete(_folder, recursive: true);
    }
}
