namespace FilterProxy.Filters.AccessLog;

/// <summary>Where the lines of a filter go, by its options.</summary>
/// <param name="Name">The same for all filters that write to the same place; also what log messages call it.</param>
/// <param name="Make">Makes it.</param>
internal sealed record LogTargets(string Name, Func<TimeProvider, ILogTarget> Make)
{
    /// <param name="options">The options.</param>
    /// <param name="path">The absolute path, or the name of a console stream, where lines go to a file.</param>
    public static LogTargets Of(AccessLogOptions options, string path) =>
        options.Syslog is { } syslog ? new($"syslog {syslog.Address} ({syslog.Facility}, {syslog.AppName})", time => new SyslogTarget(syslog, time))
        : options.Otlp is { } otlp ? new($"otlp {otlp.Endpoint} ({otlp.ServiceName}{string.Concat(otlp.Headers.Select(h => $", {h.Key}"))})", _ => new OtlpLogTarget(otlp))
        : new(path, time => new LogFile(path, time));
}
