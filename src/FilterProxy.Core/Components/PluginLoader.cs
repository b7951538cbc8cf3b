using System.Collections.Concurrent;
using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Security.Cryptography;

namespace FilterProxy.Core.Components;

/// <summary>Finds, checks and loads plugins by name.</summary>
/// <param name="path">The folder that holds a folder per plugin.</param>
/// <param name="registry">Takes the components.</param>
/// <param name="loaded">The assemblies loaded before, by file: each is loaded once. Null for a loader that stands alone.</param>
internal sealed class PluginLoader(string path, ComponentRegistry registry, ConcurrentDictionary<string, Assembly>? loaded = null)
{
    private readonly ConcurrentDictionary<string, Assembly> _loaded = loaded ?? new();
    private readonly HashSet<string> _registered = [];

    /// <summary>Loads a plugin, or says why not and what to do about it.</summary>
    /// <param name="name">Its folder's name.</param>
    /// <param name="sha256">What its main assembly must hash to, in hex; null for any.</param>
    /// <param name="error">Empty when it is loaded.</param>
    public bool TryLoad(string name, string? sha256, out string error)
    {
        if (name.AsSpan().IndexOfAny("/\\") >= 0 || name is "." or ".." || name.Length == 0)
        {
            error = $"'{name}' is no plugin name: it must be the name of a folder in {path}";
            return false;
        }

        var file = Path.Combine(path, name, $"FilterProxy.Filters.{name}.dll");
        if (!File.Exists(file))
        {
            error = $"plugin '{name}' was not found: there is no {file}";
            return false;
        }

        try
        {
            return Check(name, file, sha256, out error) && Load(name, file, out error);
        }
        catch (Exception e) when (e is BadImageFormatException or IOException or UnauthorizedAccessException or ReflectionTypeLoadException)
        {
            error = $"plugin '{name}' could not be loaded: {(e as ReflectionTypeLoadException)?.LoaderExceptions.FirstOrDefault()?.Message ?? e.Message}";
            return false;
        }
    }

    private bool Load(string name, string file, out string error)
    {
        error = "";
        if (_registered.Contains(name))
        {
            return true;
        }

        var assembly = _loaded.GetOrAdd(Path.GetFullPath(file), static (path, plugin) => new PluginLoadContext(plugin, path).LoadFromAssemblyPath(path), name);
        return registry.Add(assembly, name, out error) && _registered.Add(name);
    }

    /// <summary>What can be known without running any of it: the pin, and the contract it was built for.</summary>
    private static bool Check(string name, string file, string? sha256, out string error)
    {
        error = "";
        using var stream = File.OpenRead(file);
        if (sha256 is not null)
        {
            var hash = Convert.ToHexStringLower(SHA256.HashData(stream));
            if (!hash.Equals(sha256, StringComparison.OrdinalIgnoreCase))
            {
                error = $"plugin '{name}' is not the pinned file: its sha256 is {hash}";
                return false;
            }

            stream.Position = 0;
        }

        using var image = new PEReader(stream);
        var contract = typeof(IHttpFilter).Assembly.GetName();
        var built = ReferenceOf(image.GetMetadataReader(), contract.Name!);
        var host = contract.Version!;
        if (built is null)
        {
            error = $"plugin '{name}' does not reference {contract.Name}: it holds no component";
            return false;
        }

        // Additions come with a minor version: a plugin may be older than the host, not newer.
        if (built.Major != host.Major || built.Minor > host.Minor)
        {
            error = $"plugin '{name}' needs contract {built.Major}.{built.Minor}, this host offers {host.Major}.{host.Minor}: "
                + (built.Major < host.Major ? "rebuild the plugin" : "update the host");
            return false;
        }

        return true;
    }

    private static Version? ReferenceOf(MetadataReader metadata, string assembly)
    {
        foreach (var handle in metadata.AssemblyReferences)
        {
            var reference = metadata.GetAssemblyReference(handle);
            if (metadata.StringComparer.Equals(reference.Name, assembly))
            {
                return reference.Version;
            }
        }

        return null;
    }
}
