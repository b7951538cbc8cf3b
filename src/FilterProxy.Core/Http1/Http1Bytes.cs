using System.Buffers;

namespace FilterProxy.Core.Http1;

/// <summary>Byte classes of the HTTP/1 grammar (RFC 9110 §5.5 and §5.6, RFC 9112 §2.2).</summary>
internal static class Http1Bytes
{
    public const byte CarriageReturn = (byte)'\r';
    public const byte LineFeed = (byte)'\n';
    public const byte Space = (byte)' ';
    public const byte Tab = (byte)'\t';

    /// <summary><c>tchar</c>: what names and methods are made of.</summary>
    public static readonly SearchValues<byte> Token =
        SearchValues.Create("!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"u8);

    /// <summary>Visible ASCII: what a request target is made of. Wider than RFC 3986, never a space or a control byte.</summary>
    public static readonly SearchValues<byte> Visible = SearchValues.Create([.. Enumerable.Range(0x21, 0x5E).Select(b => (byte)b)]);

    /// <summary>Every control byte but HTAB: each either ends a line (CR before LF) or spoils it, so one search does for both.</summary>
    public static readonly SearchValues<byte> Control =
        SearchValues.Create([.. Enumerable.Range(0, 0x80).Where(b => (b < 0x20 && b != '\t') || b == 0x7F).Select(b => (byte)b)]);

    public static bool IsWhitespace(byte value) => value is Space or Tab;
}
