using System.Buffers;
using System.Text;
using FilterProxy.Filters.Text;

namespace FilterProxy.Filters.Rewrite;

/// <summary>Sets and removes parameters of a query. Names are compared as an upstream reads them, decoded.</summary>
internal sealed class QueryEdit(RewriteOptions options)
{
    private readonly (byte[] Name, byte[] Encoded, Template Value)[] _set = [.. options.SetQuery.Select(p => (Encoding.UTF8.GetBytes(p.Key), Encode(p.Key), p.Value))];
    private readonly byte[][] _removed = [.. options.SetQuery.Keys.Concat(options.RemoveQuery).Select(Encoding.UTF8.GetBytes)];

    public bool IsNothing => _removed.Length == 0;

    public void Apply(HttpExchange exchange, ArrayBufferWriter<byte> output, ArrayBufferWriter<byte> value)
    {
        var request = exchange.Request;
        output.ResetWrittenCount();
        var rest = request.Query;
        while (!rest.IsEmpty)
        {
            var end = rest.IndexOf((byte)'&');
            var pair = end < 0 ? rest : rest[..end];
            rest = end < 0 ? default : rest[(end + 1)..];
            var equals = pair.IndexOf((byte)'=');
            if (!pair.IsEmpty && !IsRemoved(equals < 0 ? pair : pair[..equals]))
            {
                Add(output, pair);
            }
        }

        foreach (var (_, encoded, template) in _set)
        {
            value.ResetWrittenCount();
            if (template.TryFormat(exchange, value))
            {
                Add(output, encoded);
                output.Write("="u8);
                Escapes.Query(value.WrittenSpan, output);
            }
        }

        if (output.WrittenCount > 0)
        {
            request.SetQuery(output.WrittenSpan);
        }
        else
        {
            request.RemoveQuery();
        }
    }

    private static void Add(ArrayBufferWriter<byte> output, ReadOnlySpan<byte> text)
    {
        if (output.WrittenCount > 0)
        {
            output.Write("&"u8);
        }

        output.Write(text);
    }

    private bool IsRemoved(ReadOnlySpan<byte> name)
    {
        foreach (var removed in _removed)
        {
            if (IsSame(name, removed))
            {
                return true;
            }
        }

        return false;
    }

    // "%75ser" is "user" to the upstream.
    private static bool IsSame(ReadOnlySpan<byte> encoded, ReadOnlySpan<byte> name)
    {
        var at = 0;
        for (var i = 0; i < encoded.Length; i++, at++)
        {
            var b = encoded[i] == (byte)'+' ? (byte)' ' : encoded[i];
            if (b == (byte)'%' && i + 2 < encoded.Length && char.IsAsciiHexDigit((char)encoded[i + 1]) && char.IsAsciiHexDigit((char)encoded[i + 2]))
            {
                b = (byte)((SafePath.HexValue(encoded[i + 1]) << 4) | SafePath.HexValue(encoded[i + 2]));
                i += 2;
            }

            if (at >= name.Length || name[at] != b)
            {
                return false;
            }
        }

        return at == name.Length;
    }

    private static byte[] Encode(string name)
    {
        var output = new ArrayBufferWriter<byte>();
        Escapes.Query(Encoding.UTF8.GetBytes(name), output);
        return output.WrittenSpan.ToArray();
    }
}
