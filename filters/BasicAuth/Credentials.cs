using System.Buffers.Text;
using System.Buffers;
using System.Text;

namespace FilterProxy.Filters.BasicAuth;

/// <summary>Reads the credentials of the Basic scheme (RFC 7617 §2).</summary>
internal static class Credentials
{
    /// <summary>The most bytes of name and password together; longer ones are nobody's.</summary>
    public const int Longest = 512;

    /// <param name="field">The value of Authorization.</param>
    /// <param name="buffer">Room for <see cref="Longest"/> bytes, which <paramref name="name"/> and <paramref name="password"/> are slices of.</param>
    /// <param name="name">The user's name.</param>
    /// <param name="password">The password.</param>
    public static bool TryRead(ReadOnlySpan<byte> field, Span<byte> buffer, out ReadOnlySpan<byte> name, out ReadOnlySpan<byte> password)
    {
        name = password = default;
        if (field.Length < 6 || !Ascii.EqualsIgnoreCase(field[..6], "basic "u8))
        {
            return false;
        }

        var text = field[6..].Trim((byte)' ');
        if (Base64.DecodeFromUtf8(text, buffer[..Longest], out var consumed, out var length) != OperationStatus.Done || consumed != text.Length)
        {
            return false;
        }

        var decoded = buffer[..length];
        var colon = decoded.IndexOf((byte)':');
        if (colon < 0)
        {
            return false;
        }

        name = decoded[..colon];
        password = decoded[(colon + 1)..];
        return true;
    }
}
