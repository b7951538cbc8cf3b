using Microsoft.Extensions.Logging;

namespace FilterProxy.Filters.Egress;

/// <summary>What the filters say.</summary>
internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Warning, "{Filter} refused {Client} the way to {Destination}: {Reason} ({Skipped} more refused since this was last said).")]
    public static partial void Refused(ILogger logger, string filter, string client, string destination, string reason, long skipped);
}
