using System.Buffers;

namespace FilterProxy;

/// <summary>Which bytes may stand where in a request line (RFC 9112 §3.2, RFC 3986).</summary>
internal static class RequestTarget
{
    // Visible ASCII. Wider than RFC 3986 (quotes, '|', '\' and braces are common in the wild and harmless to framing), but no
    // control byte, space or byte above 0x7E ever passes.
    private static readonly SearchValues<byte> Visible = SearchValues.Create([.. Range(0x21, 0x7E)]);

    private static readonly SearchValues<byte> PathBytes = SearchValues.Create([.. Range(0x21, 0x7E).Where(b => b is not ((byte)'?' or (byte)'#'))]);

    private static readonly SearchValues<byte> QueryBytes = SearchValues.Create([.. Range(0x21, 0x7E).Where(b => b != (byte)'#')]);

    private static readonly SearchValues<byte> AuthorityBytes =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~%!$&'()*+,;=:[]"u8);

    public static bool IsVisible(ReadOnlySpan<byte> target) => !target.ContainsAnyExcept(Visible);

    public static bool IsPath(ReadOnlySpan<byte> path) => !path.ContainsAnyExcept(PathBytes);

    public static bool IsQuery(ReadOnlySpan<byte> query) => !query.ContainsAnyExcept(QueryBytes);

    public static bool IsAuthority(ReadOnlySpan<byte> authority) => !authority.ContainsAnyExcept(AuthorityBytes);

    public static HttpMethodKind ClassifyMethod(ReadOnlySpan<byte> method) => method.Length switch
    {
        3 when method.SequenceEqual("GET"u8) => HttpMethodKind.Get,
        3 when method.SequenceEqual("PUT"u8) => HttpMethodKind.Put,
        4 when method.SequenceEqual("POST"u8) => HttpMethodKind.Post,
        4 when method.SequenceEqual("HEAD"u8) => HttpMethodKind.Head,
        5 when method.SequenceEqual("PATCH"u8) => HttpMethodKind.Patch,
        5 when method.SequenceEqual("TRACE"u8) => HttpMethodKind.Trace,
        6 when method.SequenceEqual("DELETE"u8) => HttpMethodKind.Delete,
        7 when method.SequenceEqual("OPTIONS"u8) => HttpMethodKind.Options,
        7 when method.SequenceEqual("CONNECT"u8) => HttpMethodKind.Connect,
        _ => HttpMethodKind.Other,
    };

    private static IEnumerable<byte> Range(int first, int last) => Enumerable.Range(first, last - first + 1).Select(b => (byte)b);
}
