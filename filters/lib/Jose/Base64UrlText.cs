using System.Buffers;
using System.Buffers.Text;

namespace FilterProxy.Filters.Jose;

/// <summary>
/// Base64url as tokens have it (RFC 7515 §2): no padding, no white space, no unused bits that are set. One value has one spelling, so that a
/// token cannot be varied without its signature.
/// </summary>
internal static class Base64UrlText
{
    private const int OnStack = 1024;

    private static ReadOnlySpan<byte> Digits => "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"u8;

    /// <remarks>By way of the other alphabet, whose decoder takes many digits at a time: tokens are checked for every request that shows a new one.</remarks>
    public static bool TryDecode(ReadOnlySpan<byte> text, out byte[] bytes)
    {
        bytes = [];
        if (!MayBeCanonical(text))
        {
            return false;
        }

        var length = (text.Length + 3) & ~3;
        var plain = length <= OnStack ? stackalloc byte[OnStack] : new byte[length];
        plain = plain[..length];
        text.Replace(plain, (byte)'-', (byte)'+');
        plain[..text.Length].Replace((byte)'_', (byte)'/');
        plain[text.Length..].Fill((byte)'=');

        // White space, which the decoder passes over, leaves fewer bytes than digits stand for.
        var decoded = new byte[(int)(text.Length * 3L / 4)];
        if (Base64.DecodeFromUtf8(plain, decoded, out _, out var written) != OperationStatus.Done || written != decoded.Length)
        {
            return false;
        }

        bytes = decoded;
        return true;
    }

    public static bool TryDecode(string? text, out byte[] bytes)
    {
        bytes = [];
        return text is not null && System.Text.Ascii.IsValid(text) && TryDecode(System.Text.Encoding.ASCII.GetBytes(text), out bytes);
    }

    private static bool MayBeCanonical(ReadOnlySpan<byte> text)
    {
        if (text.ContainsAny((byte)'+', (byte)'/', (byte)'='))
        {
            return false;
        }

        // The last of two digits has four bits to spare, the last of three has two.
        return (text.Length % 4) switch
        {
            0 => true,
            2 => (Digits.IndexOf(text[^1]) & 0xF) == 0,
            3 => (Digits.IndexOf(text[^1]) & 0x3) == 0,
            _ => false,
        };
    }
}
