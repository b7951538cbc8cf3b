using System.Buffers;
using System.Globalization;
using System.Text;
using FilterProxy.Filters.Http;
using FilterProxy.Filters.Waf.Engine;
using FilterProxy.Filters.Waf.Language;

namespace FilterProxy.Filters.Waf;

/// <summary>Tells a transaction what an exchange is.</summary>
internal static class TransactionFeed
{
    // A body that grows beyond this as it is decoded is a bomb.
    private const int MaxRatio = 64;

    public static void Connection(Transaction transaction, DownstreamInfo downstream)
    {
        transaction.Set(Variable.RemoteAddr, downstream.ClientAddress?.ToString() ?? "");
        transaction.Set(Variable.RemotePort, downstream.RemotePort.ToString(CultureInfo.InvariantCulture));
        transaction.Set(Variable.ServerAddr, downstream.LocalAddress?.ToString() ?? "");
        transaction.Set(Variable.ServerPort, downstream.LocalPort.ToString(CultureInfo.InvariantCulture));
    }

    public static void Request(Transaction transaction, HttpExchange exchange)
    {
        var request = exchange.Request;
        transaction.SetRequestLine(request.MethodText, Encoding.Latin1.GetString(request.OriginalTarget), ProtocolOf(request.Version));
        foreach (var field in request.Headers)
        {
            transaction.AddRequestHeader(Encoding.Latin1.GetString(field.Name), Encoding.Latin1.GetString(field.Value));
        }

        if (!request.Connection.IsEmpty)
        {
            transaction.AddRequestHeader("Connection", Encoding.Latin1.GetString(request.Connection));
        }

        if (exchange.HasRequestBody && request.Version == HttpVersionKind.Http11 && !request.Headers.Contains(KnownHeader.ContentLength))
        {
            // What frames a message leaves with its hop; rules refuse a body that nothing frames.
            transaction.AddRequestHeader("Transfer-Encoding", "chunked");
        }

        var authority = request.AuthorityText;
        if (!request.Headers.Contains(KnownHeader.Host) && authority.Length > 0)
        {
            // HTTP/2 and HTTP/3 say it in a pseudo-field (RFC 9113 §8.3.1).
            transaction.AddRequestHeader("Host", authority);
        }

        var port = authority.LastIndexOf(':');
        transaction.Set(Variable.ServerName, port > authority.LastIndexOf(']') ? authority[..port] : authority);
        if (exchange.User?.Identity?.Name is { } user)
        {
            transaction.Set(Variable.RemoteUser, user);
        }
    }

    public static void RequestBody(Transaction transaction, HttpExchange exchange, ReadOnlySequence<byte> body)
    {
        if (TryGetCoding(exchange.Request.Headers, out var coding))
        {
            if (ContentDecoding.IsKnown(coding) && Decode(coding, body, transaction.RequestBodyLimit) is { } decoded)
            {
                body = new ReadOnlySequence<byte>(decoded);
            }
            else
            {
                transaction.FailBody("the body's content coding could not be taken off");
            }
        }

        transaction.SetRequestBody(body);
    }

    public static void Response(Transaction transaction, HttpExchange exchange)
    {
        var headers = new List<(string, string)>();
        foreach (var field in exchange.Response.Headers)
        {
            headers.Add((Encoding.Latin1.GetString(field.Name), Encoding.Latin1.GetString(field.Value)));
        }

        transaction.SetResponse(exchange.Response.StatusCode, ProtocolOf(exchange.Request.Version), headers);
    }

    public static void ResponseBody(Transaction transaction, HttpExchange exchange, ReadOnlySequence<byte> body)
    {
        if (TryGetCoding(exchange.Response.Headers, out var coding))
        {
            var decoded = ContentDecoding.IsKnown(coding) ? Decode(coding, body, transaction.ResponseBodyLimit) : null;
            if (decoded is null)
            {
                transaction.SetFlag(Variable.OutboundDataError);
                return;
            }

            body = new ReadOnlySequence<byte>(decoded);
        }

        transaction.SetResponseBody(Encoding.Latin1.GetString(body));
    }

    private static byte[]? Decode(ReadOnlySpan<byte> coding, ReadOnlySequence<byte> body, long limit) =>
        ContentDecoding.Decode(coding, body, Math.Max(limit, Math.Min(body.Length * MaxRatio, limit * 4)));

    private static bool TryGetCoding(HeaderMap headers, out ReadOnlySpan<byte> coding) =>
        headers.TryGet(KnownHeader.ContentEncoding, out coding) && !coding.IsEmpty && !Ascii.EqualsIgnoreCase(coding, "identity"u8);

    private static string ProtocolOf(HttpVersionKind version) => version switch
    {
        HttpVersionKind.Http10 => "HTTP/1.0",
        HttpVersionKind.Http11 => "HTTP/1.1",
        HttpVersionKind.Http2 => "HTTP/2.0",
        HttpVersionKind.Http3 => "HTTP/3.0",
        _ => "",
    };
}
