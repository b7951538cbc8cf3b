using Microsoft.Extensions.Logging;

namespace FilterProxy.Filters.UdpRelay;

/// <summary>What the service says.</summary>
internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Warning, "Datagrams of {Client} are dropped: {Reason} ({Skipped} more dropped since this was last said).")]
    public static partial void Dropped(ILogger logger, string client, string reason, long skipped);
}
