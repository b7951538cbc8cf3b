using Microsoft.Extensions.Logging;

namespace FilterProxy.Filters.AccessLog;

/// <summary>What the filter says in the log; nothing of it once per exchange.</summary>
internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Error, "The access log {Path} cannot be written: {Reason}. Lines wait in memory until it can.")]
    public static partial void CannotWrite(ILogger logger, string path, string reason);

    [LoggerMessage(2, LogLevel.Information, "The access log {Path} is being written again.")]
    public static partial void WritesAgain(ILogger logger, string path);

    [LoggerMessage(3, LogLevel.Warning, "{Lines} lines of the access log {Path} were dropped: it is written too slowly.")]
    public static partial void Dropped(ILogger logger, long lines, string path);

    [LoggerMessage(4, LogLevel.Error, "{Lines} lines of the access log {Path} were lost at the end: {Reason}.")]
    public static partial void Lost(ILogger logger, int lines, string path, string reason);

    [LoggerMessage(5, LogLevel.Information, "The access log {Path} was opened again by a signal.")]
    public static partial void Reopened(ILogger logger, string path);

    [LoggerMessage(6, LogLevel.Error, "The access log {Path} cannot be rotated: {Reason}. It goes on in the same file.")]
    public static partial void CannotRotate(ILogger logger, string path, string reason);

    [LoggerMessage(7, LogLevel.Warning, "Old files of the access log {Path} cannot be compressed or deleted: {Reason}.")]
    public static partial void CannotTidy(ILogger logger, string path, string reason);

    [LoggerMessage(8, LogLevel.Error, "The access log {Path} did not take its last lines in time.")]
    public static partial void Stuck(ILogger logger, string path);
}
