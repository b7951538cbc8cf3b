using Microsoft.Extensions.Logging;

namespace FilterProxy.Filters.TlsInspector;

/// <summary>What the filter says.</summary>
internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Warning, "A connection of {Client} is closed: {Reason} ({Skipped} more connections closed since this was last said).")]
    public static partial void Closed(ILogger logger, string client, string reason, long skipped);
}
