using System.Buffers.Binary;
using System.Text;

namespace FilterProxy.Core.Downstream;

/// <summary>
/// Header names and values as the strings Kestrel wants. Known names have theirs; short values that come again and again (a media type, a
/// cache rule) are remembered in a table of fixed size, where a new one takes the place of an old one.
/// </summary>
internal static class HeaderText
{
    private const int Longest = 64;
    private const int Size = 2048;
    private static readonly string[] Known = [.. Enumerable.Range(0, KnownHeaders.Count).Select(i => Encoding.ASCII.GetString(KnownHeaders.GetName((KnownHeader)i)))];
    private static readonly string?[] Remembered = new string?[Size];

    public static string NameOf(HeaderMap headers, in HeaderEntry entry) =>
        entry.Known != KnownHeader.Unknown ? Known[(int)entry.Known] : Remember(headers.NameOf(entry));

    /// <summary>The text of a value. Cookies are nobody else's and are not kept.</summary>
    public static string ValueOf(HeaderMap headers, in HeaderEntry entry) => entry.Known == KnownHeader.SetCookie
        ? Encoding.Latin1.GetString(headers.ValueOf(entry))
        : Remember(headers.ValueOf(entry));

    private static string Remember(ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty)
        {
            return "";
        }

        if (bytes.Length > Longest)
        {
            return Encoding.Latin1.GetString(bytes);
        }

        ref var slot = ref Remembered[Hash(bytes)];
        var text = slot;
        if (text is null || !Ascii.Equals(bytes, text))
        {
            slot = text = Encoding.Latin1.GetString(bytes);
        }

        return text;
    }

    private static int Hash(ReadOnlySpan<byte> bytes)
    {
        var hash = (ulong)bytes.Length;
        for (; bytes.Length >= 8; bytes = bytes[8..])
        {
            hash = (hash ^ BinaryPrimitives.ReadUInt64LittleEndian(bytes)) * 0x9E3779B97F4A7C15;
        }

        foreach (var b in bytes)
        {
            hash = (hash ^ b) * 0x9E3779B97F4A7C15;
        }

        return (int)((hash >> 40) % Size);
    }
}
