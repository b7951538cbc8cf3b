using System.Text;
using Microsoft.Extensions.Logging;

namespace FilterProxy.Filters.Auth;

/// <summary>
/// Tells in the log why requests are refused, a few a second: what everybody on the net can make happen must not fill a disk. Says where and why,
/// never what the client showed.
/// </summary>
internal sealed partial class DenialLog(ILogger logger, TimeProvider time)
{
    private const int PerSecond = 5;
    private const int LongestPath = 200;

    private readonly Lock _gate = new();
    private long _second;
    private int _written;
    private long _silent;

    public void Write(HttpExchange exchange, string reason, string detail)
    {
        if (!logger.IsEnabled(LogLevel.Information))
        {
            return;
        }

        long silent;
        lock (_gate)
        {
            var second = time.GetTimestamp() / time.TimestampFrequency;
            (_written, _second) = (second == _second ? _written + 1 : 1, second);
            if (_written > PerSecond)
            {
                _silent++;
                return;
            }

            (silent, _silent) = (_silent, 0);
        }

        // The path without its query, which may hold the credential. It is visible ASCII: the parser refuses others.
        var path = exchange.Request.Path;
        Refused(
            logger,
            reason,
            exchange.Request.MethodText,
            Encoding.ASCII.GetString(path[..Math.Min(path.Length, LongestPath)]),
            exchange.Downstream.ClientAddress?.ToString() ?? "-",
            detail,
            silent == 0 ? "" : $" {silent} more before were not logged.");
    }

    [LoggerMessage(150, LogLevel.Information, "{Reason}: {Method} {Path} of {Client} is refused: {Detail}.{Silent}")]
    private static partial void Refused(ILogger logger, string reason, string method, string path, string client, string detail, string silent);
}
