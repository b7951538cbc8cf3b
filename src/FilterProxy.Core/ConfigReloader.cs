using FilterProxy.Core.Components;
using FilterProxy.Core.Config;
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
    private readonly Func<(ProxyConfig? Config, ConfigErrors Errors)> _load;
    private readonly TimeProvider _time;
    private readonly TimeSpan _interval;
    private readonly SemaphoreSlim _reloading = new(1);
    private readonly CancellationTokenSource _stop = new();
    private Task _watching = Task.CompletedTask;
    private Dictionary<string, FileStamp> _known = [];

    /// <param name="engine">With a configuration in force.</param>
    /// <param name="load">Reads the configuration.</param>
    /// <param name="time">The clock.</param>
    /// <param name="interval">Between two looks at the files; null for <see cref="DefaultInterval"/>.</param>
    public ConfigReloader(Engine engine, Func<(ProxyConfig? Config, ConfigErrors Errors)> load, TimeProvider time, TimeSpan? interval = null)
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
        _known = Look();
        _watching = WatchAsync();
    }

    /// <summary>Reads the configuration and puts it in force. False, after logging why, when the old one stays.</summary>
    /// <param name="cause">Why, for the log, e.g. <c>SIGHUP</c>.</param>
    public async Task<bool> ReloadAsync(string cause)
    {
        await _reloading.WaitAsync();
        try
        {
            var old = _engine.Current!;
            var (config, errors) = _load();
            if (config is null || _engine.Compile(config, errors) is not { } next)
            {
                return Refuse(cause, errors.ToString());
            }

            try
            {
                await _engine.ApplyAsync(next);
            }
            catch (EngineException e)
            {
                return Refuse(cause, e.Message);
            }

            if (config.Samples != old.Config.Samples || config.Runtime.InlineCompletions != old.Config.Runtime.InlineCompletions)
            {
                Log.NeedsRestart();
            }

            _engine.ConfigMetrics.Applied();
            Log.ConfigApplied(next.Snapshot.Version, cause, config.Routes.Count, config.Clusters.Count, next.Created.Count);
            return true;
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

    private bool Refuse(string cause, string errors)
    {
        _engine.ConfigMetrics.Refused();
        Log.ConfigRefused(cause, _engine.Current!.Snapshot.Version, errors);
        return false;
    }

    private async Task WatchAsync()
    {
        var before = Glance();
        var isMoving = false;
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                await Task.Delay(_interval, _time, _stop.Token);
                var now = Glance();
                var moved = !Same(now, before);
                before = now;
                if (moved || !isMoving)
                {
                    isMoving = moved;
                    continue;
                }

                isMoving = false;
                if (_engine.Current!.Config.Runtime.Watch)
                {
                    await ReloadChangedAsync();
                    before = Glance();
                }
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
        if (changed.Count == 0 && now.Count == _known.Count)
        {
            return;
        }

        await ReloadAsync(changed.Count == 0 ? "a file is gone" : $"{string.Join(", ", changed.Take(3))} changed");
        _known = Look();
    }

    /// <summary>All files by what they hold.</summary>
    private Dictionary<string, FileStamp> Look() => Files().ToDictionary(path => path, FileStamp.Of);

    /// <summary>All files by what a look at their directory tells, which is cheap.</summary>
    private Dictionary<string, (DateTime Written, long Length)> Glance() => Files().ToDictionary(path => path, static path =>
    {
        // Through symbolic links: what counts is the file they end at.
        var file = new FileInfo(path);
        var target = file.LinkTarget is null ? file : file.ResolveLinkTarget(returnFinalTarget: true) as FileInfo ?? file;
        return target.Exists ? (target.LastWriteTimeUtc, target.Length) : default;
    });

    private HashSet<string> Files()
    {
        var current = _engine.Current!;
        return [.. current.Config.FindFiles(), .. current.Files.Select(file => file.Path)];
    }

    private static bool Same(Dictionary<string, (DateTime Written, long Length)> one, Dictionary<string, (DateTime Written, long Length)> other) =>
        one.Count == other.Count && one.All(file => other.TryGetValue(file.Key, out var twin) && twin == file.Value);
}
