using System.Buffers;
using System.Buffers.Text;
using System.Diagnostics;
using System.Numerics;

namespace FilterProxy.Core.Http1;

/// <summary>Writes heads, chunk headers and trailers. Each head is measured first and written into one span.</summary>
/// <remarks>
/// Connection and Transfer-Encoding are the writer's own: entries of the map are skipped and the fields follow from the arguments.
/// So is Content-Length where the body is chunked or ends with the connection; for a body of known length the map's is kept, or one
/// is added. Lines still as they were parsed lie together in the block and are copied as one run.
/// </remarks>
internal static class Http1Writer
{
    /// <summary>Room for the longest <see cref="WriteChunkHeader"/>.</summary>
    public const int MaxChunkHeader = 18;

    private const int MaxOwnFields = 128;

    /// <summary>Ends the data of a chunk.</summary>
    public static ReadOnlySpan<byte> ChunkEnd => "\r\n"u8;

    /// <summary>Ends a body without trailers.</summary>
    public static ReadOnlySpan<byte> LastChunk => "0\r\n\r\n"u8;

    private static ulong Own => KnownHeaders.Bit(KnownHeader.Connection) | KnownHeaders.Bit(KnownHeader.TransferEncoding);

    /// <summary>Writes a request head, always as HTTP/1.1 (RFC 9112 §2.3).</summary>
    /// <param name="output">Where to.</param>
    /// <param name="head">The request.</param>
    /// <param name="hostOverride">Host instead of the map's; empty keeps the map's.</param>
    /// <param name="framing">How its body is framed towards the upstream.</param>
    /// <param name="connection">The Connection field.</param>
    public static void WriteRequestHead(
        IBufferWriter<byte> output,
        RequestHead head,
        ReadOnlySpan<byte> hostOverride,
        in MessageFraming framing = default,
        ConnectionToken connection = ConnectionToken.None)
    {
        // CONNECT has an authority and no path.
        var target = head.Path.IsEmpty ? head.Authority : head.Path;
        var method = head.Method;
        var query = head.Query;

        // RFC 9112 §3.2: exactly one Host, though it be empty.
        var writeHost = !hostOverride.IsEmpty || !head.Headers.Contains(KnownHeader.Host);
        var skip = Skipped(framing) | (writeHost ? KnownHeaders.Bit(KnownHeader.Host) : 0);
        var size = method.Length + target.Length + query.Length + hostOverride.Length + MaxOwnFields + MeasureFields(head.Headers);
        var writer = new SpanCursor(output.GetSpan(size));

        writer.Write(method);
        writer.Write(" "u8);
        writer.Write(target);
        if (head.HasQuery)
        {
            writer.Write("?"u8);
            writer.Write(query);
        }

        writer.Write(" HTTP/1.1\r\n"u8);
        if (writeHost)
        {
            writer.Write("Host: "u8);
            writer.Write(hostOverride);
            writer.Write("\r\n"u8);
        }

        WriteFields(ref writer, head.Headers, skip);
        WriteOwnFields(ref writer, head.Headers, framing, connection);
        output.Advance(writer.Position);
    }

    /// <summary>Writes a response head, always as HTTP/1.1, with the upstream's reason phrase or the status's own.</summary>
    /// <param name="output">Where to.</param>
    /// <param name="head">The response.</param>
    /// <param name="framing">How its body is framed towards the downstream.</param>
    /// <param name="connection">The Connection field.</param>
    public static void WriteResponseHead(IBufferWriter<byte> output, ResponseHead head, in MessageFraming framing, ConnectionToken connection)
    {
        Debug.Assert(head.StatusCode is >= 100 and <= 999, "A status code has three digits.");
        var reason = head.ReasonPhrase.IsEmpty ? ReasonPhrases.Get(head.StatusCode) : head.ReasonPhrase;
        var writer = new SpanCursor(output.GetSpan(reason.Length + MaxOwnFields + MeasureFields(head.Headers)));
        writer.Write("HTTP/1.1 "u8);
        writer.WriteNumber(head.StatusCode);
        writer.Write(" "u8);
        writer.Write(reason);
        writer.Write("\r\n"u8);
        WriteFields(ref writer, head.Headers, Skipped(framing));
        WriteOwnFields(ref writer, head.Headers, framing, connection);
        output.Advance(writer.Position);
    }

    /// <summary>Writes the size line of a chunk and returns its length.</summary>
    /// <param name="output">At least <see cref="MaxChunkHeader"/> bytes.</param>
    /// <param name="size">Bytes of data that follow; more than 0, as 0 would end the body.</param>
    public static int WriteChunkHeader(Span<byte> output, long size)
    {
        Debug.Assert(size > 0, "A chunk of size 0 ends the body.");
        var digits = (BitOperations.Log2((ulong)size) + 4) >> 2;
        for (var i = digits - 1; i >= 0; i--)
        {
            output[i] = "0123456789abcdef"u8[(int)(size & 0xF)];
            size >>= 4;
        }

        "\r\n"u8.CopyTo(output[digits..]);
        return digits + 2;
    }

    /// <summary>Ends a chunked body with its trailers, if any.</summary>
    public static void WriteTrailers(IBufferWriter<byte> output, HeaderMap trailers)
    {
        var writer = new SpanCursor(output.GetSpan(MeasureFields(trailers) + LastChunk.Length));
        writer.Write("0\r\n"u8);
        WriteFields(ref writer, trailers, Own);
        writer.Write("\r\n"u8);
        output.Advance(writer.Position);
    }

    private static ulong Skipped(in MessageFraming framing) =>
        Own | (framing.Kind is BodyKind.Chunked or BodyKind.UntilClose ? KnownHeaders.Bit(KnownHeader.ContentLength) : 0);

    private static int MeasureFields(HeaderMap headers)
    {
        var size = 0;
        foreach (ref readonly var entry in headers.Entries)
        {
            size += entry.NameLength + entry.ValueLength + 4;
        }

        return size;
    }

    private static void WriteFields(ref SpanCursor writer, HeaderMap headers, ulong skip)
    {
        int runStart = 0, runEnd = -1;
        foreach (ref readonly var entry in headers.Entries)
        {
            if ((KnownHeaders.Bit(entry.Known) & skip) != 0)
            {
                continue;
            }

            if (entry.NameStart != runEnd || !entry.IsLine)
            {
                WriteRun(ref writer, headers.Block, runStart, runEnd);
                runStart = entry.NameStart;
            }

            if (entry.IsLine)
            {
                runEnd = entry.LineEnd;
                continue;
            }

            writer.Write(headers.NameOf(entry));
            writer.Write(": "u8);
            writer.Write(headers.ValueOf(entry));
            writer.Write("\r\n"u8);
            runEnd = -1;
        }

        WriteRun(ref writer, headers.Block, runStart, runEnd);
    }

    private static void WriteRun(ref SpanCursor writer, HeadBlock block, int start, int end)
    {
        if (end > start)
        {
            writer.Write(block.Slice(start, end - start));
        }
    }

    private static void WriteOwnFields(ref SpanCursor writer, HeaderMap headers, in MessageFraming framing, ConnectionToken connection)
    {
        if (framing.Kind == BodyKind.Chunked)
        {
            writer.Write("Transfer-Encoding: chunked\r\n"u8);
        }
        else if (framing.Kind == BodyKind.Length && !headers.Contains(KnownHeader.ContentLength))
        {
            writer.Write("Content-Length: "u8);
            writer.WriteNumber(framing.Length);
            writer.Write("\r\n"u8);
        }

        writer.Write(connection switch
        {
            ConnectionToken.Close => "Connection: close\r\n\r\n"u8,
            ConnectionToken.KeepAlive => "Connection: keep-alive\r\n\r\n"u8,
            ConnectionToken.Upgrade => "Connection: Upgrade\r\n\r\n"u8,
            _ => "\r\n"u8,
        });
    }

    private ref struct SpanCursor(Span<byte> span)
    {
        private readonly Span<byte> _span = span;

        public int Position { get; private set; }

        public void Write(ReadOnlySpan<byte> bytes)
        {
            bytes.CopyTo(_span[Position..]);
            Position += bytes.Length;
        }

        public void WriteNumber(long value)
        {
            Utf8Formatter.TryFormat(value, _span[Position..], out var written);
            Position += written;
        }
    }
}
