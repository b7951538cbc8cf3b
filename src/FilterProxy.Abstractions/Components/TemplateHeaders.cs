using System.Buffers;
using System.Text;

namespace FilterProxy;

/// <summary>Operators over header fields: <c>REQ(x-user?x-client)</c> with a fallback, and the pseudo fields of HTTP/2 (RFC 9113 §8.3).</summary>
internal static class TemplateHeaders
{
    public static TemplateValue? BindRequest(string argument, out string error) => BindWithFallback(argument, RequestField, out error);

    public static TemplateValue? BindResponse(string argument, out string error) => BindWithFallback(argument, ResponseField, out error);

    public static TemplateValue? BindTrailer(string argument, out string error) =>
        BindWithFallback(argument, name => Field(name, static x => x.Response.Trailers), out error);

    public static bool Write(HeaderMap headers, KnownHeader header, IBufferWriter<byte> output) =>
        headers.TryGet(header, out var value) && output.WriteBytes(value);

    /// <summary>The trace id of a <c>traceparent</c> (W3C Trace Context §3.2): version, 32 hex digits, parent, flags.</summary>
    public static bool WriteTraceId(HeaderMap headers, IBufferWriter<byte> output) =>
        headers.TryGet(KnownHeader.TraceParent, out var value)
        && value.Length >= 55 && value[2] == (byte)'-' && value[35] == (byte)'-'
        && output.WriteBytes(value.Slice(3, 32));

    private static TemplateValue? BindWithFallback(string argument, Func<string, TemplateValue?> bind, out string error)
    {
        var names = argument.Split('?');
        var first = bind(names[0].Trim());
        var second = names.Length == 2 ? bind(names[1].Trim()) : null;
        error = first is null || names.Length > 2 || (names.Length == 2 && second is null)
            ? $"'{argument}' is no header name, nor two with '?' between them"
            : "";
        if (error.Length > 0)
        {
            return null;
        }

        return second is null ? first : (x, o) => first!(x, o) || second(x, o);
    }

    private static TemplateValue? RequestField(string name) => name.ToUpperInvariant() switch
    {
        ":METHOD" => static (x, o) => o.WriteBytes(x.Request.Method),
        ":PATH" => static (x, o) => TemplateRequest.WritePathAndQuery(x.Request, o),
        ":AUTHORITY" => static (x, o) => !x.Request.Authority.IsEmpty && o.WriteBytes(x.Request.Authority),
        ":SCHEME" => static (x, o) => o.WriteBytes(x.Downstream.IsTls ? "https"u8 : "http"u8),
        _ => Field(name, static x => x.Request.Headers),
    };

    private static TemplateValue? ResponseField(string name) => name.ToUpperInvariant() switch
    {
        ":STATUS" => static (x, o) => x.Response.StatusCode != 0 && o.WriteNumber(x.Response.StatusCode),
        _ => Field(name, static x => x.Response.Headers),
    };

    private static TemplateValue? Field(string name, Func<HttpExchange, HeaderMap> map)
    {
        // A name beyond Latin-1 is no token; '?' stands in for such characters and is none either.
        var bytes = Encoding.ASCII.GetBytes(name);
        if (!HeaderName.IsToken(bytes))
        {
            return null;
        }

        var known = KnownHeaders.Find(bytes);
        return known != KnownHeader.Unknown
            ? (x, o) => Write(map(x), known, o)
            : (x, o) => map(x).TryGet(bytes, out var value) && o.WriteBytes(value);
    }
}
