using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace FilterProxy.Filters.Waf.Transformations;

/// <summary>What stands for a whole text: its length or a digest. Rules name the digests; nothing secret hangs on them.</summary>
internal static class Digests
{
    public static int Length(ReadOnlySpan<char> input, Span<char> output)
    {
        input.Length.TryFormat(output, out var written, provider: CultureInfo.InvariantCulture);
        return written;
    }

#pragma warning disable CA5350, CA5351 // Rules choose them, e.g. to name a client by its User-Agent.
    public static int Md5(ReadOnlySpan<char> input, Span<char> output) => Write(MD5.HashData(Encoding.Latin1.GetBytes(input.ToArray())), output);

    public static int Sha1(ReadOnlySpan<char> input, Span<char> output) => Write(SHA1.HashData(Encoding.Latin1.GetBytes(input.ToArray())), output);
#pragma warning restore CA5350, CA5351

    private static int Write(byte[] digest, Span<char> output) => Encoding.Latin1.GetChars(digest, output);
}
