using System.Buffers.Binary;

namespace FilterProxy.Core.Transport;

/// <summary>
/// Turns <c>:scheme http</c> into <c>https</c> in the HTTP/2 frames a client writes (RFC 9113 §8.3.1): servers refuse requests whose
/// scheme is not that of their connection. The two are neighbours in HPACK's static table (RFC 7541 appendix A), one byte each.
/// </summary>
internal sealed class HttpsScheme
{
    private const int FrameHead = 9;
    private const byte HeadersFrame = 1, Padded = 0x8, Priority = 0x20;
    private const byte IndexedHttp = 0x86, IndexedHttps = 0x87;
    private readonly byte[] _head = new byte[FrameHead];
    private int _prefaceLeft = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".Length;
    private int _headFilled;
    private int _payloadLeft;

    /// <summary>Takes the next bytes written, in order, and changes what has to be changed.</summary>
    public void Fix(Span<byte> written)
    {
        var preface = Math.Min(_prefaceLeft, written.Length);
        _prefaceLeft -= preface;
        written = written[preface..];
        while (!written.IsEmpty)
        {
            if (_payloadLeft > 0)
            {
                var skip = Math.Min(_payloadLeft, written.Length);
                _payloadLeft -= skip;
                written = written[skip..];
                continue;
            }

            var take = Math.Min(FrameHead - _headFilled, written.Length);
            written[..take].CopyTo(_head.AsSpan(_headFilled));
            _headFilled += take;
            written = written[take..];
            if (_headFilled == FrameHead)
            {
                _headFilled = 0;
                _payloadLeft = (int)(BinaryPrimitives.ReadUInt32BigEndian(_head) >> 8);
                if (_head[3] == HeadersFrame && (_head[4] & (Padded | Priority)) == 0)
                {
                    FixBlock(written[..Math.Min(_payloadLeft, written.Length)]);
                }
            }
        }
    }

    /// <summary>A header block begins with the method, then comes the scheme; anything else is left alone.</summary>
    private static void FixBlock(Span<byte> block)
    {
        if (block.Length < 3)
        {
            return;
        }

        // The method: GET and POST are in the static table (2, 3), others a literal with the name of entry 2 or 3.
        var at = block[0] switch
        {
            0x82 or 0x83 => 1,
            0x02 or 0x03 or 0x42 or 0x43 when (block[1] & 0x7F) < 0x7F => 2 + (block[1] & 0x7F),
            _ => block.Length,
        };
        if (at < block.Length && block[at] == IndexedHttp)
        {
            block[at] = IndexedHttps;
        }
    }
}
