using System.Buffers;
using System.Buffers.Binary;

namespace FilterProxy;

/// <summary>Comparison and validation of header names and values (RFC 9110 §5).</summary>
public static class HeaderName
{
    private static readonly SearchValues<byte> TokenBytes =
        SearchValues.Create("!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"u8);

    // Everything but HTAB, SP, VCHAR and obs-text (0x80-0xFF).
    private static readonly SearchValues<byte> ForbiddenInValue =
        SearchValues.Create([.. Enumerable.Range(0, 256).Where(b => (b < 0x20 && b != '\t') || b == 0x7F).Select(b => (byte)b)]);

    /// <summary>Whether every byte is a <c>tchar</c> (RFC 9110 §5.6.2) and there is at least one.</summary>
    public static bool IsToken(ReadOnlySpan<byte> name) => !name.IsEmpty && !name.ContainsAnyExcept(TokenBytes);

    /// <summary>Whether the bytes may stand in a field value: no control byte but HTAB (RFC 9110 §5.5).</summary>
    public static bool IsValue(ReadOnlySpan<byte> value) => !value.ContainsAny(ForbiddenInValue);

    /// <summary>Whether two names are the same header: ASCII case does not count.</summary>
    public static bool Equals(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right) =>
        left.Length == right.Length && System.Text.Ascii.EqualsIgnoreCase(left, right);

    /// <summary>As <see cref="Equals(ReadOnlySpan{byte}, ReadOnlySpan{byte})"/> for a right side known to be lower case and of the same length.</summary>
    internal static bool EqualsLower(ReadOnlySpan<byte> name, ReadOnlySpan<byte> lower)
    {
        // Setting bit 5 folds letters. It also folds a few control bytes and punctuation onto others, but none of
        // those is a token byte, and names are validated as tokens before they are classified.
        var i = 0;
        for (; i + 8 <= name.Length; i += 8)
        {
            if ((BinaryPrimitives.ReadUInt64LittleEndian(name[i..]) | 0x2020202020202020) != BinaryPrimitives.ReadUInt64LittleEndian(lower[i..]))
            {
                return false;
            }
        }

        for (; i < name.Length; i++)
        {
            if ((name[i] | 0x20) != lower[i])
            {
                return false;
            }
        }

        return true;
    }
}
