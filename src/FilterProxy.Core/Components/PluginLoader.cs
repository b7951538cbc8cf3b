using System.Reflection;

namespace FilterProxy.Core.Components;

/// <summary>Finds, checks and loads plugins by name, for one configuration.</summary>
/// <param name="path">The folder that holds a folder per plugin.</param>
/// <param name="registry">Takes the components.</param>
/// <param name="store">What was loaded before. Null for a loader that stands alone.</param>
internal sealed class PluginLoader(string path, ComponentRegistry registry, PluginStore? store = null)
{
    private const string Prefix = "FilterProxy.Filters.";
    private readonly PluginStore _store = store ?? new PluginStore();
    private readonly Dictionary<string, Plugin> _plugins = [];

    /// <summary>Those loaded for this configuration.</summary>
    public IReadOnlyCollection<Plugin> Plugins => _plugins.Values;

    /// <summary>What they bring, and what else the registry has.</summary>
    public IEnumerable<ComponentDescriptor> Components => registry.All;

    /// <summary>What a plugin is called without its version: <c>RateLimit</c> of <c>RateLimit@1.1</c>.</summary>
    public static string BaseName(string name) => name.Split('@')[0];

    /// <summary>The main assembly of a plugin, there or not.</summary>
    public static string FileOf(string path, string name) => Path.GetFullPath(Path.Combine(path, name, $"{Prefix}{BaseName(name)}.dll"));

    /// <summary>Whether a name can only be that of a folder in the plugin path.</summary>
    public static bool IsName(string name) =>
        name.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-' or '@') && BaseName(name).Trim('.').Length > 0;

    /// <summary>Loads a plugin, or says why not and what to do about it.</summary>
    /// <param name="name">Its folder's name, with <c>@version</c> where several are installed.</param>
    /// <param name="sha256">What its main assembly must hash to, in hex; null for any.</param>
    /// <param name="error">Empty when it is loaded.</param>
    /// <param name="unloadable">Whether it can be unloaded, which makes its code slower.</param>
    public bool TryLoad(string name, string? sha256, out string error, bool unloadable = false)
    {
        try
        {
            return IsKnown(name, out error) ? error.Length == 0 : Find(name, out error) is { } files && TryLoad(name, files, sha256, unloadable, out error);
        }
        catch (ReflectionTypeLoadException e)
        {
            error = $"plugin '{name}' could not be loaded: {e.LoaderExceptions.OfType<Exception>().FirstOrDefault()?.Message ?? e.Message} (publish it with 'dotnet publish' so that what it needs lies beside it)";
            return false;
        }
        catch (Exception e)
        {
            // Its files are anybody's: nothing in them may end the process.
            error = $"plugin '{name}' could not be loaded: {e.Message}";
            return false;
        }
    }

    private bool TryLoad(string name, PluginFiles files, string? sha256, bool unloadable, out string error)
    {
        error = "";
        if (sha256 is not null && !files.MainHash.Equals(sha256, StringComparison.OrdinalIgnoreCase))
        {
            error = $"plugin '{name}' is not the pinned file: its sha256 is {files.MainHash} (restore the file, or pin this hash after checking where it is from)";
            return false;
        }

        var manifest = PluginManifest.Read(files.Find(files.Main)!);
        if (manifest.Refusal() is { } refusal)
        {
            error = $"plugin '{name}' {manifest.Version} {refusal}";
            return false;
        }

        var plugin = _store.Get(name, manifest, files, unloadable);
        if (!registry.Add(plugin, out error))
        {
            error = $"plugin '{name}' {manifest.Version}: {error}";
            return false;
        }

        _plugins.Add(BaseName(name), plugin);
        return true;
    }

    /// <summary>Whether it needs no loading: it is loaded, or there is an error.</summary>
    private bool IsKnown(string name, out string error)
    {
        error = "";
        if (!IsName(name))
        {
            error = $"'{name}' is no plugin name: it must be the name of a folder in {path}";
            return true;
        }

        if (_plugins.GetValueOrDefault(BaseName(name)) is not { } plugin)
        {
            return false;
        }

        error = plugin.Name == name ? "" : $"plugin '{name}' cannot be loaded beside '{plugin.Name}': name one version of it";
        return true;
    }

    private PluginFiles? Find(string name, out string error)
    {
        error = "";
        var file = FileOf(path, name);
        if (File.Exists(file))
        {
            return PluginFiles.Read(Path.GetDirectoryName(file)!, file);
        }

        error = $"plugin '{name}' was not found: there is no {file}{Hint(name, Path.GetDirectoryName(file)!)}";
        return null;
    }

    private string Hint(string name, string folder)
    {
        if (!Directory.Exists(path))
        {
            return $" (the plugin path {path} does not exist)";
        }

        if (Directory.Exists(folder))
        {
            var others = Directory.GetFiles(folder, $"{Prefix}*.dll").Select(Path.GetFileName).ToList();
            return others.Count == 0 ? " (the folder holds no plugin)" : $" (the folder holds {string.Join(", ", others)}: the folder's name must be that of the plugin)";
        }

        var installed = Directory.GetDirectories(path).Select(f => Path.GetFileName(f)!).Order(StringComparer.OrdinalIgnoreCase).ToList();
        var versions = installed.Where(i => BaseName(i).Equals(BaseName(name), StringComparison.OrdinalIgnoreCase)).ToList();
        return versions.Count > 0 ? $" (did you mean {string.Join(" or ", versions.Select(v => $"'{v}'"))}?)"
            : installed.Count is > 0 and < 20 ? $" (installed: {string.Join(", ", installed)})"
            : "";
    }
}
