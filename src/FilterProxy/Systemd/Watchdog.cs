using System.Globalization;
using Microsoft.Extensions.Logging;

namespace FilterProxy.Host.Systemd;

/// <summary>
/// Tells the service manager twice per <c>WATCHDOG_USEC</c> that the proxy is alive, each time only after the proxy has shown it. When
/// it cannot, the manager hears nothing and restarts the service.
/// </summary>
internal sealed partial class Watchdog : IAsyncDisposable
{
    private readonly ServiceNotifier _notifier;
    private readonly Func<TimeSpan, Task<bool>> _isAlive;
    private readonly TimeSpan _interval;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _running;

    /// <param name="notifier">Takes the beats.</param>
    /// <param name="interval">Between two of them.</param>
    /// <param name="isAlive">Whether the proxy answers within a time.</param>
    /// <param name="logger">Hears about a beat that was not given.</param>
    public Watchdog(ServiceNotifier notifier, TimeSpan interval, Func<TimeSpan, Task<bool>> isAlive, ILogger logger)
    {
        _notifier = notifier;
        _interval = interval;
        _isAlive = isAlive;
        _logger = logger;
        _running = RunAsync();
    }

    /// <summary>Half of what the manager waits; null when it does not watch this process.</summary>
    public static TimeSpan? IntervalFrom(Func<string, string?> environment)
    {
        var mine = environment("WATCHDOG_PID") is not { Length: > 0 } pid || pid == Environment.ProcessId.ToString(CultureInfo.InvariantCulture);
        return mine && long.TryParse(environment("WATCHDOG_USEC"), NumberStyles.None, CultureInfo.InvariantCulture, out var usec) && usec > 1
            ? TimeSpan.FromMicroseconds(Math.Min(usec, TimeSpan.FromDays(24).TotalMicroseconds) / 2)
            : null;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running;
        _stop.Dispose();
    }

    private async Task RunAsync()
    {
        using var timer = new PeriodicTimer(_interval);
        try
        {
            do
            {
                if (await _isAlive(_interval).WaitAsync(_stop.Token))
                {
                    _notifier.Beat();
                }
                else
                {
                    Silent(_logger, _interval);
                }
            }
            while (await timer.WaitForNextTickAsync(_stop.Token));
        }
        catch (OperationCanceledException)
        {
            // The end.
        }
    }

    [LoggerMessage(1, LogLevel.Error, "An event loop or the heartbeat did not answer within {Interval}: the watchdog gets no beat.")]
    private static partial void Silent(ILogger logger, TimeSpan interval);
}
