using System.Buffers;
using System.IO.Compression;

namespace FilterProxy.Filters.Compression;

/// <summary>Takes the compression off a request's body, with limits to what it may become.</summary>
internal static class RequestDecoder
{
    // A short body may be all zeros: the ratio counts from here on.
    private const int FreeBytes = 64 * 1024;

    /// <summary>Replaces the body, or refuses the request. A body in an encoding that is not known goes on as it is.</summary>
    public static async ValueTask<FilterStatus> DecodeAsync(HttpExchange exchange, CompressionOptions options)
    {
        var open = OpenerOf(exchange.Request.Headers);
        if (open is null)
        {
            return FilterStatus.Continue;
        }

        var buffered = await exchange.BufferRequestBodyAsync(options.MaxRequestBody.Bytes);
        if (buffered.Status == BufferStatus.Failed)
        {
            // The engine answers.
            return FilterStatus.Continue;
        }

        if (!buffered.IsComplete)
        {
            exchange.Reply(413, "request_too_large");
            return FilterStatus.Stop;
        }

        var plain = new ArrayBufferWriter<byte>();
        try
        {
            using var stream = open(new MemoryStream(buffered.Body.ToArray()));
            if (!Copy(stream, plain, MostOf(buffered.Body.Length, options)))
            {
                exchange.Reply(413, "decompressed_too_large");
                return FilterStatus.Stop;
            }
        }
        catch (Exception e) when (e is InvalidDataException or InvalidOperationException or IOException)
        {
            exchange.Reply(400, "bad_content_encoding");
            return FilterStatus.Stop;
        }

        exchange.ReplaceBody(new ReadOnlySequence<byte>(plain.WrittenMemory));
        exchange.Request.Headers.Remove(KnownHeader.ContentEncoding);
        return FilterStatus.Continue;
    }

    private static Func<Stream, Stream>? OpenerOf(HeaderMap headers)
    {
        headers.TryGet(KnownHeader.ContentEncoding, out var coding);
        return coding switch
        {
            _ when HeaderName.Equals(coding, "gzip"u8) || HeaderName.Equals(coding, "x-gzip"u8) => static s => new GZipStream(s, CompressionMode.Decompress),
            _ when HeaderName.Equals(coding, "deflate"u8) => static s => new ZLibStream(s, CompressionMode.Decompress),
            _ when HeaderName.Equals(coding, "br"u8) => static s => new BrotliStream(s, CompressionMode.Decompress),
            _ => null,
        };
    }

    private static long MostOf(long length, CompressionOptions options) =>
        Math.Min(options.MaxRequestBody.Bytes, Math.Max(FreeBytes, length * options.MaxRequestRatio));

    private static bool Copy(Stream from, ArrayBufferWriter<byte> to, long most)
    {
        int count;
        while ((count = from.Read(to.GetSpan(8 * 1024))) > 0)
        {
            to.Advance(count);
            if (to.WrittenCount > most)
            {
                return false;
            }
        }

        return true;
    }
}
