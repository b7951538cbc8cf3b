using System.Reflection;
using System.Xml.Linq;
using FilterProxy.Core;
using FilterProxy.Hosting;
using Xunit;

namespace FilterProxy.Tests;

public sealed class LayeringTests
{
    // From the top; an arrow goes down only, and not between neighbours of one line.
    private static readonly string[][] Layers =
    [
        [""],
        ["Config"],
        ["Downstream"],
        ["Pipeline"],
        ["Upstream", "Routing"],
        ["Clusters", "Overload"],
        ["Transport"],
        ["Http1", "Security", "Components"],
        ["Telemetry", "Buffers"],
    ];

    // Arrows that go up all the same, each with its reason (docs/decisions/0011-layer-exceptions.md).
    private static readonly Dictionary<(string From, string To), string> Exceptions = new()
    {
        [("Upstream", "Pipeline")] = "the upstream half works on the exchange it belongs to: its deadlines, filters and replies",
    };

    [Fact]
    public void Arrows_between_namespaces_of_the_engine_go_down_only()
    {
        var wrong = TypeReferences.In(typeof(Engine).Assembly, "FilterProxy.Core")
            .Where(reference => !IsAllowed(reference.From, reference.To) && !Exceptions.ContainsKey((reference.From, reference.To)))
            .Select(reference => $"{reference.From} -> {reference.To}: {reference.FromType} uses {reference.ToType}")
            .Distinct()
            .Order(StringComparer.Ordinal)
            .ToList();

        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
    }

    [Fact]
    public void Every_exception_is_still_needed()
    {
        var used = TypeReferences.In(typeof(Engine).Assembly, "FilterProxy.Core").Select(r => (r.From, r.To)).ToHashSet();

        Assert.Equal(Exceptions.Keys.Order(), Exceptions.Keys.Where(used.Contains).Order());
    }

    [Fact]
    public void Every_namespace_of_the_engine_has_its_layer() =>
        Assert.All(
            typeof(Engine).Assembly.GetTypes().Select(t => t.Namespace).Where(n => n is not null && n.StartsWith("FilterProxy.Core", StringComparison.Ordinal)).Distinct(),
            n => Assert.True(LayerOf(TypeReferences.FolderOf(n!, "FilterProxy.Core")) >= 0, n));

    [Fact]
    public void Filters_reference_the_contract_and_the_shared_framework_only()
    {
        foreach (var (plugin, project) in Projects("filters"))
        {
            Assert.True(!project.Descendants("ProjectReference").Any(r => !r.Attribute("Include")!.Value.Contains("/lib/")), $"{plugin} references a project");
        }

        foreach (var file in Directory.GetFiles(Plugins.Folder, "FilterProxy.Filters.*.dll", SearchOption.AllDirectories))
        {
            var references = TypeReferences.AssembliesOf(file).Where(name => name.StartsWith("FilterProxy", StringComparison.OrdinalIgnoreCase));
            Assert.Equal(["FilterProxy.Abstractions"], references);
        }
    }

    [Fact]
    public void The_sketches_need_nothing_but_the_contract()
    {
        var (_, project) = Projects("tests").Single(p => p.Name == "FilterProxy.ContractSketches");

        Assert.Equal(
            ["../../src/FilterProxy.Abstractions/FilterProxy.Abstractions.csproj"],
            project.Descendants("ProjectReference").Select(r => r.Attribute("Include")!.Value));
    }

    [Fact]
    public void The_engine_references_the_contract_and_no_filter() =>
        Assert.Equal(["FilterProxy.Abstractions"], OwnReferencesOf(typeof(Engine).Assembly));

    [Fact]
    public void The_contract_references_nothing_of_ours() => Assert.Empty(OwnReferencesOf(typeof(IHttpFilter).Assembly));

    [Fact]
    public void The_executable_references_the_engine_and_no_filter() =>
        Assert.Empty(OwnReferencesOf(typeof(Host.CommandLine).Assembly).Except(["FilterProxy.Core", "FilterProxy.Abstractions"]));

    [Fact]
    public void The_hosting_library_references_the_engine_and_no_filter() =>
        Assert.Equal(["FilterProxy.Abstractions", "FilterProxy.Core"], OwnReferencesOf(typeof(FilterProxyBuilder).Assembly));

    private static bool IsAllowed(string from, string to) => from == to || LayerOf(from) < LayerOf(to);

    private static int LayerOf(string folder) => Array.FindIndex(Layers, layer => layer.Contains(folder));

    private static IEnumerable<string> OwnReferencesOf(Assembly assembly) => assembly.GetReferencedAssemblies()
        .Select(name => name.Name!)
        .Where(name => name.StartsWith("filterproxy", StringComparison.OrdinalIgnoreCase))
        .Order(StringComparer.Ordinal);

    private static IEnumerable<(string Name, XDocument Project)> Projects(string folder) =>
        Directory.GetFiles(Repository.PathOf(folder), "*.csproj", SearchOption.AllDirectories)
            .Where(file => !file.Contains("/templates/", StringComparison.Ordinal))
            .Select(file => (Path.GetFileNameWithoutExtension(file), XDocument.Load(file)));
}
