using System.Reflection;

namespace FilterProxy.Tests;

/// <summary>The plugins as the build lays them out beside the executable.</summary>
internal static class Plugins
{
    public static string Folder { get; } = Repository.PathOf(
        "artifacts", "bin", "FilterProxy", new DirectoryInfo(AppContext.BaseDirectory).Name, "plugins");

    public static string FileOf(string name) => Path.Combine(Folder, name, $"FilterProxy.Filters.{name}.dll");

    public static Version ContractVersion => typeof(IHttpFilter).Assembly.GetName().Version!;

    public static AssemblyName Contract(Version version) => new("FilterProxy.Abstractions") { Version = version };
}
