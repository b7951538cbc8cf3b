namespace FilterProxy.Core.Http1;

/// <summary>The <c>HTTP-version</c> of a start line (RFC 9112 §2.3), judged as far as it has arrived.</summary>
internal static class Http1Version
{
    public const int Length = 8;

    /// <summary>None while nothing is wrong; <see cref="ProxyErrorKind.VersionNotSupported"/> for versions other than 1.0 and 1.1.</summary>
    /// <param name="text">At most the first eight bytes.</param>
    public static ProxyErrorKind Check(ReadOnlySpan<byte> text)
    {
        if (text.SequenceEqual("HTTP/1.1"u8))
        {
            return ProxyErrorKind.None;
        }

        var prefix = Math.Min(text.Length, 5);
        if (!text[..prefix].SequenceEqual("HTTP/"u8[..prefix])
            || (text.Length > 5 && !char.IsAsciiDigit((char)text[5])))
        {
            return ProxyErrorKind.BadRequest;
        }

        if (text.Length > 5 && text[5] != (byte)'1')
        {
            return ProxyErrorKind.VersionNotSupported;
        }

        if ((text.Length > 6 && text[6] != (byte)'.') || (text.Length > 7 && !char.IsAsciiDigit((char)text[7])))
        {
            return ProxyErrorKind.BadRequest;
        }

        return text.Length > 7 && text[7] > (byte)'1' ? ProxyErrorKind.VersionNotSupported : ProxyErrorKind.None;
    }
}
