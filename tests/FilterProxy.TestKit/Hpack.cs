using System.Text;

namespace FilterProxy.TestKit;

/// <summary>
/// As much of header compression (RFC 7541) as a test needs: writes every field as a literal, so that any byte can be sent, and reads what
/// is written without Huffman codes and without a dynamic table, which a client turns off by its SETTINGS.
/// </summary>
public static class Hpack
{
    private static readonly (string Name, string Value)[] Static =
    [
        ("", ""), (":authority", ""), (":method", "GET"), (":method", "POST"), (":path", "/"), (":path", "/index.html"), (":scheme", "http"),
        (":scheme", "https"), (":status", "200"), (":status", "204"), (":status", "206"), (":status", "304"), (":status", "400"),
        (":status", "404"), (":status", "500"), ("accept-charset", ""), ("accept-encoding", "gzip, deflate"), ("accept-language", ""),
        ("accept-ranges", ""), ("accept", ""), ("access-control-allow-origin", ""), ("age", ""), ("allow", ""), ("authorization", ""),
        ("cache-control", ""), ("content-disposition", ""), ("content-encoding", ""), ("content-language", ""), ("content-length", ""),
        ("content-location", ""), ("content-range", ""), ("content-type", ""), ("cookie", ""), ("date", ""), ("etag", ""), ("expect", ""),
        ("expires", ""), ("from", ""), ("host", ""), ("if-match", ""), ("if-modified-since", ""), ("if-none-match", ""), ("if-range", ""),
        ("if-unmodified-since", ""), ("last-modified", ""), ("link", ""), ("location", ""), ("max-forwards", ""), ("proxy-authenticate", ""),
        ("proxy-authorization", ""), ("range", ""), ("referer", ""), ("refresh", ""), ("retry-after", ""), ("server", ""), ("set-cookie", ""),
        ("strict-transport-security", ""), ("transfer-encoding", ""), ("user-agent", ""), ("vary", ""), ("via", ""), ("www-authenticate", ""),
    ];

    /// <summary>A field block of literals; every character is one byte.</summary>
    public static byte[] Encode(params IEnumerable<(string Name, string Value)> fields)
    {
        using var block = new MemoryStream();
        foreach (var (name, value) in fields)
        {
            block.WriteByte(0);
            WriteText(block, name);
            WriteText(block, value);
        }

        return block.ToArray();
    }

    /// <summary>Reads a field block.</summary>
    public static RawFields Decode(ReadOnlySpan<byte> block)
    {
        var fields = new List<KeyValuePair<string, string>>();
        while (!block.IsEmpty)
        {
            var first = block[0];
            if ((first & 0x80) != 0)
            {
                var (name, value) = Static[ReadNumber(ref block, 7)];
                fields.Add(new(name, value));
                continue;
            }

            if ((first & 0xE0) == 0x20)
            {
                ReadNumber(ref block, 5);
                continue;
            }

            var index = ReadNumber(ref block, (first & 0x40) != 0 ? 6 : 4);
            var literal = index == 0 ? ReadText(ref block) : Static[index].Name;
            fields.Add(new(literal, ReadText(ref block)));
        }

        return new RawFields(fields);
    }

    private static void WriteText(MemoryStream block, string text)
    {
        WriteNumber(block, text.Length);
        block.Write(Encoding.Latin1.GetBytes(text));
    }

    private static void WriteNumber(MemoryStream block, int number)
    {
        if (number < 127)
        {
            block.WriteByte((byte)number);
            return;
        }

        block.WriteByte(127);
        for (number -= 127; number >= 128; number >>= 7)
        {
            block.WriteByte((byte)(number | 128));
        }

        block.WriteByte((byte)number);
    }

    private static int ReadNumber(ref ReadOnlySpan<byte> block, int bits)
    {
        var mask = (1 << bits) - 1;
        var number = block[0] & mask;
        block = block[1..];
        if (number < mask)
        {
            return number;
        }

        for (var shift = 0; ; shift += 7)
        {
            var next = block[0];
            block = block[1..];
            number += (next & 127) << shift;
            if ((next & 128) == 0)
            {
                return number;
            }
        }
    }

    private static string ReadText(ref ReadOnlySpan<byte> block)
    {
        if ((block[0] & 0x80) != 0)
        {
            throw new RawFormatException("A Huffman code, which this decoder does not know.");
        }

        var length = ReadNumber(ref block, 7);
        var text = Encoding.Latin1.GetString(block[..length]);
        block = block[length..];
        return text;
    }
}
