using System.Reflection;
using System.Runtime.Loader;

namespace FilterProxy.Core.Components;

/// <summary>
/// Where one version of a plugin lives: its own dependencies are private to it; the contract and the shared framework are the host's,
/// because a type is only the same type when it comes from the same place.
/// </summary>
/// <remarks>
/// Assemblies are loaded from what was read of them, never from their files, which may be overwritten at any time. Not collectible
/// unless asked for: code in a collectible context is neither tiered nor profiled, which slows every request.
/// </remarks>
internal sealed class PluginLoadContext(string name, PluginFiles files, bool collectible) : AssemblyLoadContext(name, collectible)
{
    private readonly AssemblyDependencyResolver _resolver = new(files.Main);

    // Weak: while a context is unloading the runtime holds it, and what it held would hold the unloading up for ever.
    private readonly Dictionary<string, WeakReference<Assembly>> _loaded = new(StringComparer.Ordinal);
    private readonly Lock _lock = new();
    private string? _natives;

    /// <summary>The file of the main assembly, which the assembly itself does not know.</summary>
    public string MainPath => files.Main;

    public Assembly LoadMain() => LoadFile(files.Main)!;

    /// <summary>Removes the copies of native libraries. What is loaded of them stays.</summary>
    public void RemoveCopies()
    {
        lock (_lock)
        {
            if (_natives is not null)
            {
                Directory.Delete(_natives, recursive: true);
                _natives = null;
            }
        }
    }

    protected override Assembly? Load(AssemblyName assemblyName) =>
        assemblyName.Name == typeof(IHttpFilter).Assembly.GetName().Name || SharedFramework.Has(assemblyName) ? null
            : _resolver.ResolveAssemblyToPath(assemblyName) is { } path ? LoadFile(path)
            : null;

    protected override nint LoadUnmanagedDll(string unmanagedDllName) => FindNative(unmanagedDllName) is { } path ? LoadUnmanagedDllFromPath(path) : 0;

    private Assembly? LoadFile(string path)
    {
        lock (_lock)
        {
            if (_loaded.TryGetValue(path, out var held) && held.TryGetTarget(out var assembly))
            {
                return assembly;
            }

            if (files.Find(path) is not { } image)
            {
                return LoadFromAssemblyPath(path);
            }

            var symbols = Path.ChangeExtension(path, ".pdb");
            using var pdb = File.Exists(symbols) ? new MemoryStream(File.ReadAllBytes(symbols), writable: false) : null;
            using var dll = new MemoryStream(image, writable: false);
            assembly = LoadFromStream(dll, pdb);
            _loaded[path] = new WeakReference<Assembly>(assembly);
            files.Forget(path);
            return assembly;
        }
    }

    private string? FindNative(string library)
    {
        if (_resolver.ResolveUnmanagedDllToPath(library) is not { } path)
        {
            return null;
        }

        lock (_lock)
        {
            // All of them, in their places: one may need another.
            _natives ??= CopyNatives();
            var copy = Path.Combine(_natives, Path.GetRelativePath(files.Folder, path));
            return File.Exists(copy) ? copy : path;
        }
    }

    private string CopyNatives()
    {
        var folder = Directory.CreateTempSubdirectory("filterproxy-plugin-").FullName;
        foreach (var (relative, content) in files.Natives)
        {
            var copy = Path.Combine(folder, relative);
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.WriteAllBytes(copy, content);
        }

        return folder;
    }
}
