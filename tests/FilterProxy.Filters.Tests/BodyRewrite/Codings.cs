using System.IO.Compression;
using System.Text;

namespace FilterProxy.Filters.Tests.BodyRewrite;

/// <summary>Bodies in content codings.</summary>
internal static class Codings
{
    public static byte[] Encode(string coding, string text) => Encode(coding, Encoding.UTF8.GetBytes(text));

    public static byte[] Encode(string coding, byte[] body)
    {
        var bytes = new MemoryStream();
        using (Stream encoder = coding switch { "br" => new BrotliStream(bytes, CompressionMode.Compress), "deflate" => new ZLibStream(bytes, CompressionMode.Compress), _ => new GZipStream(bytes, CompressionMode.Compress) })
        {
            encoder.Write(body);
        }

        return bytes.ToArray();
    }
}
