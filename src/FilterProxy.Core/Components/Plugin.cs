using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Reflection;

namespace FilterProxy.Core.Components;

/// <summary>One version of a plugin, loaded. Another content of its files is another one, beside it.</summary>
internal sealed class Plugin : IDisposable
{
    private readonly PluginLoadContext _context;
    private int _ended;

    public Plugin(string name, PluginManifest manifest, PluginFiles files, bool unloadable)
    {
        Name = name;
        Version = manifest.Version;
        Stamps = files.Stamps;
        Folder = files.Folder;
        Identity = files.Identity;
        Unloadable = unloadable;
        _context = new PluginLoadContext($"{name} {Version}", files, unloadable);
        Assembly = _context.LoadMain();
        Meter = unloadable ? new Meter("FilterProxy") : null;
    }

    /// <summary>As the configuration names it.</summary>
    public string Name { get; }

    public string Version { get; }

    public string Folder { get; }

    /// <summary>What its files held.</summary>
    public IReadOnlyList<FileStamp> Stamps { get; }

    public string Identity { get; }

    public bool Unloadable { get; }

    public Assembly Assembly { get; }

    /// <summary>What its components share.</summary>
    public ConcurrentDictionary<Type, object> Shared { get; } = new();

    /// <summary>Its own meter, which goes with it; null for the engine's. An instrument that calls back would keep it for ever.</summary>
    public Meter? Meter { get; }

    /// <summary>Whether it was told to go.</summary>
    public bool IsEnded => Volatile.Read(ref _ended) != 0;

    /// <summary>Name and version, for messages.</summary>
    public override string ToString() => $"{Name} {Version}";

    /// <summary>Lets it go once nothing of it is in use; one that is not unloadable stays for the life of the process.</summary>
    public void Dispose()
    {
        if (Unloadable && Interlocked.Exchange(ref _ended, 1) == 0)
        {
            Meter!.Dispose();
            Shared.Clear();
            RemoveCopies();
            _context.Unload();
        }
    }

    /// <summary>Removes what it has in the temporary folder.</summary>
    public void RemoveCopies()
    {
        try
        {
            _context.RemoveCopies();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The folder for temporary files is swept by others.
        }
    }
}
