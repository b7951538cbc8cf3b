using System.Buffers;
using System.Buffers.Text;

namespace FilterProxy.Core.Pipeline;

/// <summary>
/// What the engine and filters answer to a gRPC request: its client reads no status but gRPC's own, so that every answer is a 200 whose
/// head says how the call went (a "trailers-only" response).
/// </summary>
internal static class GrpcReplies
{
    private const int LongestMessage = 1024;

    /// <summary>Whether a request is gRPC: <c>application/grpc</c>, <c>application/grpc+proto</c>; gRPC-Web is another protocol.</summary>
    public static bool IsGrpc(HeaderMap headers) =>
        headers.TryGet(KnownHeader.ContentType, out var type)
        && type.Length >= 16 && HeaderName.Equals(type[..16], "application/grpc"u8)
        && (type.Length == 16 || type[16] is (byte)'+' or (byte)';' or (byte)' ');

    /// <summary>The code for an HTTP status, as Envoy maps them.</summary>
    public static int CodeOf(int status) => status switch
    {
        400 => 13,
        401 => 16,
        403 => 7,
        404 => 12,
        429 or 502 or 503 or 504 => 14,
        _ => 2,
    };

    /// <summary>Writes the fields that say so.</summary>
    /// <param name="response">A head without fields.</param>
    /// <param name="status">What an HTTP client would get.</param>
    /// <param name="message">The text for people, UTF-8.</param>
    public static void Write(ResponseHead response, int status, ReadOnlySpan<byte> message)
    {
        response.Headers.Set(KnownHeader.ContentType, "application/grpc"u8);
        Span<byte> code = stackalloc byte[2];
        Utf8Formatter.TryFormat(CodeOf(status), code, out var digits);
        response.Headers.Set("grpc-status"u8, code[..digits]);
        message = message.TrimEnd("\r\n"u8);
        message = message.Length > LongestMessage ? message[..LongestMessage] : message;
        if (!message.IsEmpty)
        {
            var encoded = ArrayPool<byte>.Shared.Rent(message.Length * 3);
            response.Headers.Set("grpc-message"u8, encoded.AsSpan(0, Encode(message, encoded)));
            ArrayPool<byte>.Shared.Return(encoded);
        }
    }

    // gRPC over HTTP/2, "Percent-Encoded": visible ASCII and spaces stand as they are, but for the percent sign.
    private static int Encode(ReadOnlySpan<byte> text, Span<byte> output)
    {
        var at = 0;
        foreach (var b in text)
        {
            if (b is >= 0x20 and <= 0x7E and not (byte)'%')
            {
                output[at++] = b;
            }
            else
            {
                output[at++] = (byte)'%';
                output[at++] = "0123456789ABCDEF"u8[b >> 4];
                output[at++] = "0123456789ABCDEF"u8[b & 15];
            }
        }

        return at;
    }
}
