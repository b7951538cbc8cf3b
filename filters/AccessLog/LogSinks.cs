using System.Runtime.InteropServices;

namespace FilterProxy.Filters.AccessLog;

/// <summary>
/// The sinks of this process by path: filters of several routes, or of the old and the new configuration during a reload, share one.
/// </summary>
internal static class LogSinks
{
    private static readonly Lock Gate = new();
    private static readonly Dictionary<string, LogSink> ByPath = new(StringComparer.Ordinal);

    // Kept for good: without it the signal ends the process, also when it comes while a reload is changing the log.
    private static PosixSignalRegistration? _signal;

    /// <summary>Adds an outlet to the sink of a target.</summary>
    /// <exception cref="IOException">The path cannot be opened. <see cref="UnauthorizedAccessException"/> likewise.</exception>
    public static void Attach(LogTargets target, LogOutlet outlet, TimeProvider time)
    {
        var path = target.Name;
        lock (Gate)
        {
            _signal ??= ListenForReopen();
            if (ByPath.TryGetValue(path, out var sink))
            {
                sink.Add(outlet);
                return;
            }

            sink = new LogSink(path, target.Make(time), time, TryClose);
            ByPath.Add(path, sink);
            sink.Add(outlet);
            sink.Start();
        }
    }

    private static bool TryClose(LogSink sink, string path)
    {
        lock (Gate)
        {
            return sink.IsUnused && ByPath.Remove(path);
        }
    }

    // SIGUSR1 has no name in PosixSignal and another number on each system.
    private static PosixSignalRegistration? ListenForReopen()
    {
        var number = OperatingSystem.IsLinux() ? 10 : OperatingSystem.IsMacOS() || OperatingSystem.IsFreeBSD() ? 30 : 0;
        return number == 0 ? null : PosixSignalRegistration.Create((PosixSignal)number, static context =>
        {
            context.Cancel = true;
            lock (Gate)
            {
                foreach (var sink in ByPath.Values)
                {
                    sink.Reopen();
                }
            }
        });
    }
}
