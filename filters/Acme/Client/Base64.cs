using System.Buffers.Text;

namespace FilterProxy.Filters.Acme.Client;

/// <summary>Base64url without padding (RFC 7515 §2).</summary>
internal static class Base64
{
    public static string Encode(ReadOnlySpan<byte> bytes) => Base64Url.EncodeToString(bytes);

    public static bool TryDecode(string text, out byte[] bytes)
    {
        bytes = [];
        if (!Base64Url.IsValid(text))
        {
            return false;
        }

        bytes = Base64Url.DecodeFromChars(text);
        return true;
    }
}
