using System.Buffers;
using System.IO.Compression;
using System.Text;

namespace FilterProxy.Filters.Http;

/// <summary>Takes a content coding off a body that is whole (RFC 9110 §8.4.1).</summary>
internal static class ContentDecoding
{
    /// <summary>Whether a Content-Encoding names one coding that can be taken off.</summary>
    public static bool IsKnown(ReadOnlySpan<byte> coding) => Make(coding) is not null;

    /// <summary>Null when it is malformed, or larger than allowed once it is decoded.</summary>
    public static byte[]? Decode(ReadOnlySpan<byte> coding, ReadOnlySequence<byte> body, long max)
    {
        var decoded = new MemoryStream();
        var piece = ArrayPool<byte>.Shared.Rent(16 * 1024);
        try
        {
            using var decoder = Make(coding)!(new MemoryStream(body.ToArray(), writable: false));
            for (var read = decoder.Read(piece); read > 0; read = decoder.Read(piece))
            {
                // A bomb is found out before it has gone off.
                if (decoded.Length + read > max)
                {
                    return null;
                }

                decoded.Write(piece, 0, read);
            }

            return decoded.ToArray();
        }
        catch (Exception e) when (e is InvalidDataException or IOException)
        {
            return null;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(piece);
        }
    }

    private static Func<Stream, Stream>? Make(ReadOnlySpan<byte> coding)
    {
        if (Ascii.EqualsIgnoreCase(coding, "gzip"u8) || Ascii.EqualsIgnoreCase(coding, "x-gzip"u8))
        {
            return static stream => new GZipStream(stream, CompressionMode.Decompress);
        }

        if (Ascii.EqualsIgnoreCase(coding, "br"u8))
        {
            return static stream => new BrotliStream(stream, CompressionMode.Decompress);
        }

        return Ascii.EqualsIgnoreCase(coding, "deflate"u8) ? static stream => new ZLibStream(stream, CompressionMode.Decompress) : null;
    }
}
