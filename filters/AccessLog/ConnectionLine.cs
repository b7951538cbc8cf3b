using System.Globalization;
using System.Net;
using System.Text;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;

namespace FilterProxy.Filters.AccessLog;

/// <summary>The line about one connection, as text or as a JSON object with the same fields.</summary>
internal static class ConnectionLine
{
    /// <param name="connection">It.</param>
    /// <param name="stats">What it did.</param>
    /// <param name="ended">When it ended.</param>
    /// <param name="format">The form.</param>
    /// <param name="line">Where it is written to.</param>
    public static void Write(ConnectionContext connection, in ConnectionStats stats, DateTimeOffset ended, AccessLogFormat format, LineBuffer line)
    {
        var report = connection.Features.Get<ConnectionReport>();
        var hello = connection.Features.Get<TlsClientHello>();
        var name = connection.Features.Get<ITlsHandshakeFeature>()?.HostName is { Length: > 0 } agreed ? agreed : hello?.ServerName;
        (string Key, string? Value, bool IsNumber)[] fields =
        [
            ("time", ended.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture), false),
            ("listener", report?.Listener, false),
            ("client", TextOf(connection.RemoteEndPoint), false),
            ("local", TextOf(connection.LocalEndPoint), false),
            ("server_name", name, false),
            ("destination", report?.Destination, false),
            ("cluster", report?.Cluster?.Name, false),
            ("upstream", report?.Endpoint?.Name, false),
            ("bytes_received", Number(stats.BytesReceived), true),
            ("bytes_sent", Number(stats.BytesSent), true),
            ("duration_ms", Number((long)stats.Duration.TotalMilliseconds), true),
            ("reason", stats.Reason, false),
            ("fingerprint", hello?.Fingerprint, false),
            ("connection", connection.ConnectionId, false),
        ];
        for (var i = 0; i < fields.Length; i++)
        {
            var (key, value, isNumber) = fields[i];
            if (format == AccessLogFormat.Json)
            {
                WriteJson(key, value, isNumber, i == 0, line);
            }
            else
            {
                line.Append(i == 0 ? "["u8 : " "u8);
                WriteWord(value, line);
                line.Append(i == 0 ? "]"u8 : ""u8);
            }
        }

        line.Append(format == AccessLogFormat.Json ? "}\n"u8 : "\n"u8);
    }

    private static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);

    // A client on a unix socket has no address.
    private static string? TextOf(EndPoint? endPoint) => endPoint switch
    {
        IPEndPoint { Address.IsIPv4MappedToIPv6: true } ip => new IPEndPoint(ip.Address.MapToIPv4(), ip.Port).ToString(),
        _ => endPoint?.ToString() is { Length: > 0 } text ? text : null,
    };

    private static void WriteJson(string key, string? value, bool isNumber, bool isFirst, LineBuffer line)
    {
        line.Append(isFirst ? "{\""u8 : ",\""u8);
        line.Append(Encoding.ASCII.GetBytes(key));
        line.Append(value is null ? "\":null"u8 : isNumber ? "\":"u8 : "\":\""u8);
        if (value is null)
        {
            return;
        }

        var start = line.Length;
        line.Append(Encoding.UTF8.GetBytes(value));
        if (!isNumber)
        {
            JsonText.EscapeFrom(start, line);
            line.Append("\""u8);
        }
    }

    // What a client chose, such as a name, must not look like two fields or two lines.
    private static void WriteWord(string? value, LineBuffer line) =>
        line.Append(string.IsNullOrEmpty(value) ? "-"u8 : Encoding.ASCII.GetBytes(string.Concat(value.Select(c => c is > ' ' and < '\x7f' and not '"' ? c : '?'))));
}
