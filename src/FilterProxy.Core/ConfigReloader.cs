using FilterProxy.Core.Components;
using FilterProxy.Core.Config;
using FilterProxy.Core.Config.Includes;
using FilterProxy.Core.Downstream;
using FilterProxy.Core.Telemetry;

namespace FilterProxy.Core;

/// <summary>
/// Takes a changed configuration over while the engine runs: when told to, and when a file it was made of changes. What is wrong with
/// one is logged, all of it, and the one in force stays.
/// </summary>
/// <remarks>
/// Files are looked at, not subscribed to: that sees editors that replace a file, directories swapped by a symbolic link as Kubernetes
/// does, and network file systems alike. A change is acted on when the file has been at rest for one look, so that half of a file
/// being written is not read in the first place.
/// </remarks>
internal sealed class ConfigReloader : IAsyncDisposable
{
    public static readonly TimeSpan DefaultInterval = TimeSpan.FromMilliseconds(500);

    private readonly Engine _engine;
    private readonly Func<ConfigSources, (ProxyConfig? Config, ConfigErrors Errors)> _load;
    private readonly TimeProvider _time;
    private readonly TimeSpan _interval;
    private readonly SemaphoreSlim _reloading = new(1);
    private readonly CancellationTokenSource _stop = new();
    private Task _watching = Task.CompletedTask;
    private ConfigSources _sources = new();
    private Dictionary<string, FileStamp> _known = [];

    /// <param name="engine">With a configuration in force.</param>
    /// <param name="load">Reads the configuration, and tells from what, also where it cannot.</param>
    /// <param name="time">The clock.</param>
    /// <param name="interval">Between two looks at the files; null for <see cref="DefaultInterval"/>.</param>
    public ConfigReloader(Engine engine, Func<ConfigSources, (ProxyConfig? Config, ConfigErrors Errors)> load, TimeProvider time, TimeSpan? interval = null)
    {
        _engine = engine;
        _load = load;
        _time = time;
        _interval = interval ?? DefaultInterval;
    }

    private Log Log => _engine.Services.Log;

    /// <summary>Begins to look at the files of the configuration in force, where that says so.</summary>
    public void Watch()
    {
        var current = _engine.Current!;
        _sources = current.Config.Sources;
        _known = current.Files.Concat(_sources.Files).Concat(_sources.Folders.Select(LookInto)).DistinctBy(f => f.Path).ToDictionary(f => f.Path);
        _watching = WatchAsync();
    }

    /// <summary>Reads the configuration and puts it in force. False, after logging why, when the old one stays.</summary>
    /// <param name="cause">Why, for the log, e.g. <c>SIGHUP</c>.</param>
    public async Task<bool> ReloadAsync(string cause) => (await TryReloadAsync(cause)).Length == 0;

    /// <summary>As <see cref="ReloadAsync"/>; returns why the old one stays, empty when it does not.</summary>
    public async Task<string> TryReloadAsync(string cause)
    {
        await _reloading.WaitAsync();
        try
        {
            var old = _engine.Current!;
            var started = _time.GetTimestamp();
            var sources = new ConfigSources();
            var (config, errors) = _load(sources);
            _sources = sources;
            if (config is null || _engine.Compile(config, errors) is not { } next)
            {
                return Refuse(cause, errors.ToString());
            }

            var compiledIn = _time.GetElapsedTime(started);
            try
            {
                await _engine.ApplyAsync(next);
            }
            catch (EngineException e)
            {
                return Refuse(cause, e.Message);
            }

            if (config.Samples != old.Config.Samples || config.Runtime.InlineCompletions != old.Config.Runtime.InlineCompletions
                || config.Admin?.Address != old.Config.Admin?.Address)
            {
                Log.NeedsRestart();
            }

            _engine.ConfigMetrics.Applied();
            Log.ConfigApplied(next.Snapshot.Version, cause, config.Routes.Count, config.Clusters.Count, next.Created.Count, compiledIn);
            return "";
        }
        finally
        {
            _reloading.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _watching;

        // One that is being taken over ends before the engine does.
        await _reloading.WaitAsync();
        _stop.Dispose();
        _reloading.Dispose();
    }

    private string Refuse(string cause, string errors)
    {
        _engine.ConfigMetrics.Refused();
        Log.ConfigRefused(cause, _engine.Current!.Snapshot.Version, errors);
        return errors;
    }

    private async Task WatchAsync()
    {
        // The first look is at what may have changed since the configuration was read.
        var before = Glance();
        var isMoving = true;
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                await Task.Delay(_interval, _time, _stop.Token);
                var now = Glance();
                var moved = !now.SetEquals(before);
                before = now;
                if (isMoving && !moved && _engine.Current!.Config.Runtime.Watch)
                {
                    // What changes while this runs is seen by the next glance, which is compared with the one before it.
                    await ReloadChangedAsync();
                }

                isMoving = moved;
            }
            catch (OperationCanceledException) when (_stop.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                Log.WatchFailed(e);
            }
        }
    }

    private async Task ReloadChangedAsync()
    {
        // Times change without contents, e.g. when a file is copied over itself.
        var now = Look();
        var changed = now.Where(file => _known.GetValueOrDefault(file.Key) != file.Value).Select(file => Path.GetFileName(file.Key)).ToList();
        if (changed.Count > 0)
        {
            await ReloadAsync($"{string.Join(", ", changed.Take(3))} changed");
        }

        // As they were before they were read, and those that were read for the first time as they are.
        _known = Look();
        foreach (var (path, stamp) in now)
        {
            _known[path] = stamp;
        }
    }

    /// <summary>All files and folders by what they hold.</summary>
    private Dictionary<string, FileStamp> Look() =>
        Files().Select(FileStamp.Of).Concat(_sources.Folders.Select(LookInto)).DistinctBy(stamp => stamp.Path).ToDictionary(stamp => stamp.Path);

    /// <summary>All files and folders by what a look at their directory tells, which is cheap.</summary>
    private HashSet<(string Path, DateTime Written, long Length)> Glance() =>
        [.. Files().Select(GlanceAt), .. _sources.Folders.Select(folder => (folder, Directory.GetLastWriteTimeUtc(folder), 0L))];

    private static (string Path, DateTime Written, long Length) GlanceAt(string path)
    {
        if (Directory.Exists(path))
        {
            return GlanceInto(path);
        }

        // Through symbolic links, of the file and of its folder: what counts is where they end, also when what is there looks the same.
        var named = new FileInfo(path);
        var file = named.LinkTarget is null ? named : named.ResolveLinkTarget(returnFinalTarget: true) as FileInfo ?? named;
        var folder = file.Directory?.ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? file.DirectoryName;
        return file.Exists ? ($"{folder}/{file.Name}", file.LastWriteTimeUtc, file.Length) : (path, default, -1);
    }

    /// <summary>A folder that something is made from by all that is in it.</summary>
    private static (string Path, DateTime Written, long Length) GlanceInto(string folder)
    {
        try
        {
            var all = new HashCode();
            foreach (var file in FileStamp.FilesIn(folder))
            {
                all.Add(GlanceAt(file));
            }

            return (folder, default, all.ToHashCode());
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return (folder, default, -1);
        }
    }

    /// <summary>A folder by the names in it; those of editors' own files do not count.</summary>
    private static FileStamp LookInto(string folder)
    {
        try
        {
            var names = Directory.EnumerateFileSystemEntries(folder).Select(path => Path.GetFileName(path)!)
                .Where(name => name[0] != '.' && name[^1] != '~').Order(StringComparer.Ordinal);
            return new FileStamp(folder, string.Join('/', names));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new FileStamp(folder, "");
        }
    }

    /// <summary>Of the configuration last read, taken over or not, and what the one in force depends on.</summary>
    private IEnumerable<string> Files() => _sources.Files.Concat(_engine.Current!.Files).Select(file => file.Path).Distinct();
}
