using System.Buffers;
using System.Text;

namespace FilterProxy;

/// <summary>Operators over header fields: <c>REQ(x-user?x-client)</c> with a fallback, and the pseudo fields of HTTP/2 (RFC 9113 §8.3).</summary>
internal static class TemplateHeaders
{
    public static TemplateValue? BindRequest(string argument, TemplateMask? mask, out string error) =>
        BindWithFallback(argument, name => RequestField(name, mask), out error);

    public static TemplateValue? BindResponse(string argument, TemplateMask? mask, out string error) =>
        BindWithFallback(argument, name => ResponseField(name, mask), out error);

    public static TemplateValue? BindTrailer(string argument, TemplateMask? mask, out string error) =>
        BindWithFallback(argument, name => Field(name, mask, static x => x.Response.Trailers), out error);

    public static bool Write(HeaderMap headers, KnownHeader header, IBufferWriter<byte> output) =>
        headers.TryGet(header, out var value) && output.WriteBytes(value);

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

    private static TemplateValue? RequestField(string name, TemplateMask? mask) => name.ToUpperInvariant() switch
    {
        ":METHOD" => static (x, o) => o.WriteBytes(x.Request.Method),
        ":PATH" => (x, o) => TemplateRequest.WritePathAndQuery(x.Request, mask, o),
        ":AUTHORITY" => static (x, o) => !x.Request.Authority.IsEmpty && o.WriteBytes(x.Request.Authority),
        ":SCHEME" => static (x, o) => o.WriteBytes(x.Downstream.IsTls ? "https"u8 : "http"u8),
        _ => Field(name, mask, static x => x.Request.Headers),
    };

    private static TemplateValue? ResponseField(string name, TemplateMask? mask) => name.ToUpperInvariant() switch
    {
        ":STATUS" => static (x, o) => x.Response.StatusCode != 0 && o.WriteNumber(x.Response.StatusCode),
        _ => Field(name, mask, static x => x.Response.Headers),
    };

    private static TemplateValue? Field(string name, TemplateMask? mask, Func<HttpExchange, HeaderMap> map)
    {
        // A name beyond Latin-1 is no token; '?' stands in for such characters and is none either.
        var bytes = Encoding.ASCII.GetBytes(name);
        if (!HeaderName.IsToken(bytes))
        {
            return null;
        }

        var known = KnownHeaders.Find(bytes);
        if (mask is not null)
        {
            return mask.HidesHeader(name)
                ? (x, o) => TryGet(map(x), known, bytes, out _) && o.WriteBytes(TemplateMask.Hidden)
                : (x, o) => TryGet(map(x), known, bytes, out var value) && WriteMasked(value, mask, o);
        }

        return known != KnownHeader.Unknown
            ? (x, o) => Write(map(x), known, o)
            : (x, o) => map(x).TryGet(bytes, out var value) && o.WriteBytes(value);
    }

    private static bool TryGet(HeaderMap headers, KnownHeader known, byte[] name, out ReadOnlySpan<byte> value) =>
        known != KnownHeader.Unknown ? headers.TryGet(known, out value) : headers.TryGet(name, out value);

    // Any field may hold an address: Referer, Location, Link, X-Original-Url.
    private static bool WriteMasked(ReadOnlySpan<byte> value, TemplateMask mask, IBufferWriter<byte> output)
    {
        mask.WriteAddress(value, output);
        return true;
    }
}
