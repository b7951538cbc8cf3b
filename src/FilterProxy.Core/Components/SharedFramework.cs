using System.Reflection;

namespace FilterProxy.Core.Components;

/// <summary>The assemblies that plugins share with the host: those of .NET and ASP.NET Core it runs on.</summary>
internal static class SharedFramework
{
    private static readonly Dictionary<string, string> Paths = Find();

    /// <summary>Whether the host has it in the version asked for, or a later one.</summary>
    public static bool Has(AssemblyName name)
    {
        if (name.Name is null || !Paths.TryGetValue(name.Name, out var path))
        {
            return false;
        }

        return name.Version is null || AssemblyName.GetAssemblyName(path).Version >= name.Version;
    }

    private static Dictionary<string, string> Find()
    {
        var trusted = (AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES") as string ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries);
        var own = Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory);
        var shared = trusted.Where(path => Path.GetDirectoryName(path) != own).ToList();

        // Published with the framework in it, all lies in one folder: then the name decides.
        return (shared.Count > 0 ? shared : trusted.Where(IsNamedLikeFramework)).DistinctBy(Path.GetFileNameWithoutExtension).ToDictionary(
            path => Path.GetFileNameWithoutExtension(path), StringComparer.OrdinalIgnoreCase);
    }

    private static bool IsNamedLikeFramework(string path) =>
        Path.GetFileName(path).StartsWith("System.", StringComparison.Ordinal)
        || Path.GetFileName(path).StartsWith("Microsoft.", StringComparison.Ordinal)
        || Path.GetFileNameWithoutExtension(path) is "netstandard" or "mscorlib" or "WindowsBase";
}
