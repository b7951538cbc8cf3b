using System.Diagnostics;
using FilterProxy.Core;
using FilterProxy.Core.Config;

namespace FilterProxy.Host.Admin;

/// <summary>The running proxy as its operators see and steer it.</summary>
/// <param name="engine">What runs.</param>
/// <param name="file">The configuration file.</param>
/// <param name="config">The configuration it starts with.</param>
/// <param name="levels">How much the log says.</param>
internal sealed class ProxyControl(Engine engine, string file, ProxyConfig config, LogLevels levels)
{
    private int _leaving;

    public Engine Engine => engine;

    public string File { get; } = Path.GetFullPath(file);

    public LogLevels Levels => levels;

    public DateTimeOffset Started { get; } = Process.GetCurrentProcess().StartTime.ToUniversalTime();

    /// <summary>The configuration in force; before the first, the one to come.</summary>
    public ProxyConfig Config => engine.Current?.Config ?? config;

    /// <summary>Reads the configuration again: why the old one stays, empty when it does not. Null while that is not possible.</summary>
    public Func<string, Task<string>>? Reload { get; set; }

    /// <summary>Begins to stop as SIGTERM does.</summary>
    public required Action Stop { get; init; }

    /// <summary>The admin listener is about to end: who follows is let go.</summary>
    public CancellationToken Closing { get; init; }

    /// <summary>Whether it was told to stop, and will before long.</summary>
    public bool IsLeaving => Volatile.Read(ref _leaving) != 0;

    /// <summary>Why nobody should send requests here; null when they may.</summary>
    public string? NotReady =>
        engine.Services.IsDraining || IsLeaving ? "stopping"
        : engine.Current is null ? "no configuration is in force yet"
        : engine.Listeners.Count + engine.DatagramListeners.Count == 0 ? "no listener is bound yet"
        : null;

    /// <summary>Says from now on that it is not ready, and begins to stop after a time in which it still takes requests.</summary>
    /// <returns>False when it was told so before.</returns>
    public bool Leave(TimeSpan delay)
    {
        if (Interlocked.Exchange(ref _leaving, 1) != 0)
        {
            return false;
        }

        _ = StopAfterAsync(delay);
        return true;
    }

    private async Task StopAfterAsync(TimeSpan delay)
    {
        // Also without a delay: who asked hears that it begins.
        await Task.Delay(delay > TimeSpan.Zero ? delay : TimeSpan.FromMilliseconds(50));
        Stop();
    }
}
