using System.Buffers;
using FilterProxy.Filters.Http;

namespace FilterProxy.Filters.Cache;

/// <summary>
/// What answers are found by: scheme, host, path and query, then, each on a line, whatever else the upstream is told and may answer by. What a
/// stranger says in forwarding fields is gone before a filter sees the request; what a trusted proxy says is part of the key.
/// </summary>
internal sealed class CacheKey(Template? more)
{
    /// <summary>A longer key is none: such a request passes by.</summary>
    public const int Longest = 8 * 1024;

    private static readonly KnownHeader[] Forwarding =
    [
        KnownHeader.XForwardedProto, KnownHeader.XForwardedHost, KnownHeader.XForwardedPort, KnownHeader.XForwardedPrefix,
    ];

    [ThreadStatic]
    private static ArrayBufferWriter<byte>? _scratch;

    /// <summary>The key of a request, valid until the thread asks again; empty where it has none.</summary>
    public ReadOnlySpan<byte> Of(HttpExchange exchange)
    {
        var request = exchange.Request;
        var output = _scratch ??= new ArrayBufferWriter<byte>(512);
        output.ResetWrittenCount();
        WriteOrigin(exchange, output);
        Write(output, request.Path);
        if (request.HasQuery)
        {
            Write(output, "?"u8);
            Write(output, request.Query);
        }

        WriteRest(exchange, output);
        return output.WrittenCount > Longest || request.Path.IsEmpty ? default : output.WrittenSpan;
    }

    /// <summary>The key of another path of the same origin, for a request like this; valid until the thread asks again.</summary>
    public ReadOnlySpan<byte> Of(HttpExchange exchange, ReadOnlySpan<byte> pathAndQuery)
    {
        var output = _scratch ??= new ArrayBufferWriter<byte>(512);
        output.ResetWrittenCount();
        WriteOrigin(exchange, output);
        Write(output, pathAndQuery);
        WriteRest(exchange, output);
        return output.WrittenSpan;
    }

    /// <summary>Scheme and host of a request as they stand in keys, e.g. <c>https://example.com</c>.</summary>
    public static byte[] OriginOf(HttpExchange exchange)
    {
        var output = new ArrayBufferWriter<byte>();
        WriteOrigin(exchange, output);
        return output.WrittenSpan.ToArray();
    }

    private static void WriteOrigin(HttpExchange exchange, ArrayBufferWriter<byte> output)
    {
        var tls = exchange.Downstream.IsTls;
        Write(output, tls ? "https://"u8 : "http://"u8);
        var host = exchange.Request.Authority;
        var suffix = tls ? ":443"u8 : ":80"u8;
        host = host.EndsWith(suffix) ? host[..^suffix.Length] : host;
        System.Text.Ascii.ToLower(host, output.GetSpan(host.Length + 1), out var written);
        output.Advance(written);
    }

    private void WriteRest(HttpExchange exchange, ArrayBufferWriter<byte> output)
    {
        var headers = exchange.Request.Headers;
        foreach (var field in Forwarding)
        {
            if (!headers.Contains(field))
            {
                continue;
            }

            foreach (var value in headers.Values(field))
            {
                Write(output, "\n"u8);
                Write(output, KnownHeaders.GetName(field));
                Write(output, "="u8);
                Write(output, value);
            }
        }

        if (headers.Contains(KnownHeader.Forwarded))
        {
            WriteForwarded(headers, output);
        }

        if (more is not null)
        {
            Write(output, "\n"u8);
            more.Format(exchange, output);
        }
    }

    // Its addresses are the client's alone; what links may be made of is not.
    private static void WriteForwarded(HeaderMap headers, ArrayBufferWriter<byte> output)
    {
        foreach (var line in headers.Values(KnownHeader.Forwarded))
        {
            foreach (var element in new ListItems(line))
            {
                foreach (var range in element.Split((byte)';'))
                {
                    var pair = element[range].Trim((byte)' ');
                    if (StartsWith(pair, "host="u8) || StartsWith(pair, "proto="u8))
                    {
                        Write(output, "\nForwarded:"u8);
                        Write(output, pair);
                    }
                }
            }
        }
    }

    private static bool StartsWith(ReadOnlySpan<byte> pair, ReadOnlySpan<byte> name) =>
        pair.Length > name.Length && System.Text.Ascii.EqualsIgnoreCase(pair[..name.Length], name);

    private static void Write(ArrayBufferWriter<byte> output, ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(output.GetSpan(bytes.Length + 1));
        output.Advance(bytes.Length);
    }
}
