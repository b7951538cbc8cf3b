using FilterProxy.Core.Components;

namespace FilterProxy.Core.Config.Schema;

/// <summary>All plugins of a plugin folder, whether a configuration names them or not: for what describes every component at hand.</summary>
internal static class InstalledPlugins
{
    /// <summary>Loads them; returns why those that could not be loaded were not.</summary>
    public static IReadOnlyList<string> Load(string folder, ComponentRegistry registry)
    {
        var errors = new List<string>();
        if (!Directory.Exists(folder))
        {
            return errors;
        }

        var loader = new PluginLoader(folder, registry);
        foreach (var name in Directory.GetDirectories(folder).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal))
        {
            if (File.Exists(PluginLoader.FileOf(folder, name)) && !loader.TryLoad(name, null, out var error))
            {
                errors.Add(error);
            }
        }

        return errors;
    }
}
