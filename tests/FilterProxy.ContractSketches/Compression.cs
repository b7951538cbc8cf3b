using System.Buffers;
using System.IO.Compression;

namespace FilterProxy.ContractSketches;

/// <summary>Compresses text responses with what the client accepts.</summary>
[Component("sketch_compression")]
public sealed class Compression(ComponentContext context) : IResponseFilter, IResponseBodyFilter
{
    private readonly Slot<Encoder> _encoder = context.CreateSlot<Encoder>("encoder");

    public ValueTask OnResponseAsync(HttpExchange exchange)
    {
        var headers = exchange.Response.Headers;
        if (headers["content-type"]?.StartsWith("text/", StringComparison.OrdinalIgnoreCase) != true || headers.Contains(KnownHeader.ContentEncoding))
        {
            return default;
        }

        headers.Append(KnownHeader.Vary, "Accept-Encoding"u8);
        var accepted = exchange.Request.Headers["accept-encoding"] ?? "";
        var encoding = accepted.Contains("br") ? "br" : accepted.Contains("gzip") ? "gzip" : null;
        if (encoding is not null)
        {
            headers.Set("content-encoding", encoding);
            exchange.Set(_encoder, new Encoder(encoding));
        }

        return default;
    }

    public BodyUse UseResponseBody(HttpExchange exchange) => exchange.Get(_encoder) is null ? BodyUse.None : BodyUse.Transform;

    public ValueTask<FilterStatus> OnResponseBodyAsync(HttpExchange exchange, ReadOnlySequence<byte> data, bool end, IBufferWriter<byte>? output)
    {
        exchange.Get(_encoder)!.Encode(data, end, output!);
        return new(FilterStatus.Continue);
    }

    private sealed class Encoder
    {
        private readonly MemoryStream _encoded = new();
        private readonly Stream _stream;

        public Encoder(string encoding) => _stream = encoding == "br"
            ? new BrotliStream(_encoded, CompressionLevel.Fastest, leaveOpen: true)
            : new GZipStream(_encoded, CompressionLevel.Fastest, leaveOpen: true);

        public void Encode(in ReadOnlySequence<byte> data, bool end, IBufferWriter<byte> output)
        {
            foreach (var piece in data)
            {
                _stream.Write(piece.Span);
            }

            if (end)
            {
                _stream.Dispose();
            }
            else
            {
                // What has come is sent on: a streamed response stays one.
                _stream.Flush();
            }

            output.Write(_encoded.GetBuffer().AsSpan(0, (int)_encoded.Length));
            _encoded.SetLength(0);
        }
    }
}
