namespace FilterProxy.Core.Components;

/// <summary>
/// The plugins that were loaded, by what their files held: the same content is loaded once, another content beside it. Those that
/// can be unloaded are held by the configurations that use them, not here.
/// </summary>
internal sealed class PluginStore : IDisposable
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Plugin> _plugins = [];
    private readonly Dictionary<string, WeakReference<Plugin>> _unloadable = [];

    /// <summary>The plugin of these files, loaded now or before.</summary>
    public Plugin Get(string name, PluginManifest manifest, PluginFiles files, bool unloadable)
    {
        var key = $"{name}\0{files.Identity}";
        lock (_lock)
        {
            if (!unloadable)
            {
                return _plugins.TryGetValue(key, out var loaded) ? loaded : _plugins[key] = new Plugin(name, manifest, files, unloadable: false);
            }

            if (_unloadable.TryGetValue(key, out var reference) && reference.TryGetTarget(out var held) && !held.IsEnded)
            {
                return held;
            }

            var plugin = new Plugin(name, manifest, files, unloadable: true);
            _unloadable[key] = new WeakReference<Plugin>(plugin);
            return plugin;
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            foreach (var plugin in _plugins.Values)
            {
                plugin.RemoveCopies();
            }
        }
    }
}
