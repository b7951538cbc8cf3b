using Microsoft.Extensions.Logging;

namespace FilterProxy.Filters.ConnectionGuard;

/// <summary>What the filters say.</summary>
internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Warning, "A connection of {Client} is refused: {Reason} ({Skipped} more of these since this was last said).")]
    public static partial void Refused(ILogger logger, string client, string reason, long skipped);
}
