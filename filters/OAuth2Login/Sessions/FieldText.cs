using System.Globalization;
using System.Text;
using System.Text.Json;
using FilterProxy.Filters.Jose;

namespace FilterProxy.Filters.OAuth2Login.Sessions;

/// <summary>Text that may stand in a header field.</summary>
internal static class FieldText
{
    /// <summary>
    /// A claim, the items of a list with commas between them. Visible ASCII and spaces are as they are, everything else is percent-encoded as UTF-8, the
    /// percent sign and in items the comma with it: no claim can end a line, and no item pass for two.
    /// </summary>
    public static byte[] Of(JwtClaims claims, string claim)
    {
        var isList = claims.TryGet(claim, out var value) && value.ValueKind == JsonValueKind.Array;
        var text = new StringBuilder();
        foreach (var item in claims.Texts(claim))
        {
            _ = text.Length > 0 ? text.Append(',') : text;
            foreach (var b in Encoding.UTF8.GetBytes(item))
            {
                _ = b is >= 0x20 and < 0x7F and not (byte)'%' && !(isList && b == (byte)',') ? text.Append((char)b) : text.Append(CultureInfo.InvariantCulture, $"%{b:X2}");
            }
        }

        return Encoding.ASCII.GetBytes(text.ToString());
    }
}
