using Microsoft.Extensions.Logging;

namespace FilterProxy.Filters.TcpRelay;

/// <summary>What the filter says.</summary>
internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Warning, "A connection of {Client} could not be relayed to cluster '{Cluster}': {Reason} ({Skipped} more of these since this was last said).")]
    public static partial void NotRelayed(ILogger logger, string client, string cluster, string reason, long skipped);

    [LoggerMessage(2, LogLevel.Warning, "Rules ask for {What}, which nobody has looked for: '{Filter}' must stand before tcp_relay ({Skipped} more connections since this was last said).")]
    public static partial void NobodyLooked(ILogger logger, string what, string filter, long skipped);
}
