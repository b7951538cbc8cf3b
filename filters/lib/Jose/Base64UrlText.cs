using System.Buffers;
using System.Buffers.Text;

namespace FilterProxy.Filters.Jose;

/// <summary>
/// Base64url as tokens have it (RFC 7515 §2): no padding, no white space, no unused bits that are set. One value has one spelling, so that a
/// token cannot be varied without its signature.
/// </summary>
internal static class Base64UrlText
{
    private static readonly byte[] Digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"u8.ToArray();
    private static readonly SearchValues<byte> Alphabet = SearchValues.Create(Digits);

    public static bool TryDecode(ReadOnlySpan<byte> text, out byte[] bytes)
    {
        bytes = [];
        if (!IsCanonical(text))
        {
            return false;
        }

        bytes = Base64Url.DecodeFromUtf8(text);
        return true;
    }

    public static bool TryDecode(string? text, out byte[] bytes)
    {
        bytes = [];
        return text is not null && System.Text.Ascii.IsValid(text) && TryDecode(System.Text.Encoding.ASCII.GetBytes(text), out bytes);
    }

    private static bool IsCanonical(ReadOnlySpan<byte> text)
    {
        if (text.ContainsAnyExcept(Alphabet))
        {
            return false;
        }

        // The last of two digits has four bits to spare, the last of three has two.
        return (text.Length % 4) switch
        {
            0 => true,
            2 => (Digits.AsSpan().IndexOf(text[^1]) & 0xF) == 0,
            3 => (Digits.AsSpan().IndexOf(text[^1]) & 0x3) == 0,
            _ => false,
        };
    }
}
