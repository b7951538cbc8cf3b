using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace FilterProxy.Filters.HmacAuth;

/// <summary>
/// What a signature is over: a line each for method, host, target, time, nonce and every signed header, and the body's SHA-256. Lines hold what the client sent,
/// byte for byte; no part can reach into the next, because none may hold a line feed.
/// </summary>
internal static class SignedText
{
    public static byte[] Of(RequestHead request, SignatureField field, ReadOnlySequence<byte> body)
    {
        var text = new ArrayBufferWriter<byte>(512);
        Line(text, "FP-HMAC-SHA256"u8);
        Line(text, request.Method);
        Line(text, request.Authority);
        Line(text, request.OriginalTarget);
        Line(text, Encoding.ASCII.GetBytes(field.Time.ToString(CultureInfo.InvariantCulture)));
        Line(text, Encoding.ASCII.GetBytes(field.Nonce));
        foreach (var name in field.Headers)
        {
            // Every line of the field, so that none can be added; a field that is not there is signed as such.
            var bytes = Encoding.ASCII.GetBytes(name);
            text.Write(bytes);
            text.Write(":"u8);
            var first = true;
            foreach (var value in request.Headers.Values(bytes))
            {
                text.Write(first ? default : ","u8);
                text.Write(value);
                first = false;
            }

            text.Write("\n"u8);
        }

        Line(text, Encoding.ASCII.GetBytes(Convert.ToHexStringLower(HashOf(body))));
        return text.WrittenSpan.ToArray();
    }

    private static byte[] HashOf(ReadOnlySequence<byte> body)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var piece in body)
        {
            hash.AppendData(piece.Span);
        }

        return hash.GetHashAndReset();
    }

    private static void Line(ArrayBufferWriter<byte> text, ReadOnlySpan<byte> line)
    {
        text.Write(line);
        text.Write("\n"u8);
    }
}
