using System.Globalization;
using System.Text;

namespace FilterProxy.Filters.OAuth2Login.Sessions;

/// <summary>Text that may stand in a header field.</summary>
internal static class FieldText
{
    /// <summary>
    /// Visible ASCII and spaces as they are, everything else percent-encoded as UTF-8, and the percent sign with it: no claim can end a line or pass for
    /// another.
    /// </summary>
    public static byte[] Encode(string value)
    {
        var bytes = Encoding.UTF8.GetBytes(value);
        if (Array.TrueForAll(bytes, IsPlain))
        {
            return bytes;
        }

        var text = new StringBuilder(bytes.Length + 16);
        foreach (var b in bytes)
        {
            _ = IsPlain(b) ? text.Append((char)b) : text.Append(CultureInfo.InvariantCulture, $"%{b:X2}");
        }

        return Encoding.ASCII.GetBytes(text.ToString());
    }

    private static bool IsPlain(byte b) => b is >= 0x20 and < 0x7F and not (byte)'%';
}
