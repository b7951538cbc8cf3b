using FilterProxy.Core;
using FilterProxy.Core.Config;
using Microsoft.Extensions.Logging;

namespace FilterProxy.Host.Systemd;

/// <summary>The process as its service manager sees it: starting, ready, reloading, stopping, and alive in between.</summary>
internal sealed class ServiceProcess : IAsyncDisposable
{
    // What ending takes beyond the work in flight: filters write their last lines, connections are closed.
    private static readonly TimeSpan Ending = TimeSpan.FromSeconds(10);

    private readonly ServiceNotifier _notifier = new(Environment.GetEnvironmentVariable("NOTIFY_SOCKET"));
    private readonly ILogger _logger;
    private readonly Liveness? _liveness;
    private readonly TimeSpan? _interval;
    private Watchdog? _watchdog;
    private string _status = "";

    /// <param name="engine">What runs.</param>
    /// <param name="logger">Hears when the watchdog gets no beat.</param>
    public ServiceProcess(Engine engine, ILogger logger)
    {
        _logger = logger;
        _interval = _notifier.IsConnected ? Watchdog.IntervalFrom(Environment.GetEnvironmentVariable) : null;
        if (_interval is not null)
        {
            _liveness = new Liveness(engine.Services.Heartbeat);
        }
    }

    /// <summary>It serves.</summary>
    public void Ready(ProxyConfig config)
    {
        _status = $"Serving: {Count(config.Listeners.Count, "listener")}, {Count(config.Routes.Count, "route")}, {Count(config.Clusters.Count, "cluster")}";
        _notifier.Ready(_status);
        if (_interval is { } interval)
        {
            _watchdog ??= new Watchdog(_notifier, interval, _liveness!.ShowsAsync, _logger);
        }
    }

    /// <summary>Tells about a reload around it.</summary>
    /// <param name="reload">Returns what serves afterwards; null when the old configuration stays.</param>
    public async Task ReloadAsync(Func<Task<ProxyConfig?>> reload)
    {
        _notifier.Reloading();
        if (await reload() is { } config)
        {
            Ready(config);
        }
        else
        {
            _notifier.Ready(_status);
        }
    }

    /// <summary>It ends once nothing is in flight, at the latest after <paramref name="grace"/>.</summary>
    public void Stopping(TimeSpan grace) => _notifier.Stopping("Stopping: finishing what is in flight", grace + Ending);

    public async ValueTask DisposeAsync()
    {
        if (_watchdog is not null)
        {
            await _watchdog.DisposeAsync();
        }

        _notifier.Dispose();
    }

    private static string Count(int count, string what) => count == 1 ? $"1 {what}" : $"{count} {what}s";
}
