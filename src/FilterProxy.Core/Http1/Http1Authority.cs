using System.Buffers;

namespace FilterProxy.Core.Http1;

/// <summary>Syntax of <c>uri-host [ ":" port ]</c>: what Host and an authority in a target may be (RFC 9110 §7.2, RFC 3986 §3.2).</summary>
internal static class Http1Authority
{
    // reg-name without the comma: a comma is how intermediaries join two Host lines into one.
    private static readonly SearchValues<byte> RegName =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~%!$&'()*+;="u8);

    private static readonly SearchValues<byte> AddressBytes = SearchValues.Create("0123456789ABCDEFabcdef:."u8);

    public static bool IsValid(ReadOnlySpan<byte> authority, bool portRequired = false)
    {
        var hostLength = MeasureHost(authority);
        if (hostLength == 0)
        {
            return false;
        }

        if (hostLength == authority.Length)
        {
            return !portRequired;
        }

        return authority[hostLength] == (byte)':' && IsPort(authority[(hostLength + 1)..], portRequired);
    }

    private static int MeasureHost(ReadOnlySpan<byte> authority)
    {
        if (authority.IsEmpty)
        {
            return 0;
        }

        if (authority[0] == (byte)'[')
        {
            var close = authority.IndexOf((byte)']');
            return close > 2 && !authority[1..close].ContainsAnyExcept(AddressBytes) && authority[1..close].Contains((byte)':')
                ? close + 1
                : 0;
        }

        var length = authority.IndexOfAnyExcept(RegName);
        length = length < 0 ? authority.Length : length;
        return IsPercentEncoded(authority[..length]) ? length : 0;
    }

    private static bool IsPercentEncoded(ReadOnlySpan<byte> host)
    {
        for (var at = host.IndexOf((byte)'%'); at >= 0; at = host.IndexOf((byte)'%'))
        {
            if (host.Length < at + 3 || !char.IsAsciiHexDigit((char)host[at + 1]) || !char.IsAsciiHexDigit((char)host[at + 2]))
            {
                return false;
            }

            host = host[(at + 3)..];
        }

        return true;
    }

    // RFC 3986 §3.2.3 allows an empty port: "host:" means the default one.
    private static bool IsPort(ReadOnlySpan<byte> port, bool required)
    {
        if (port.IsEmpty)
        {
            return !required;
        }

        var value = 0;
        foreach (var digit in port)
        {
            if (!char.IsAsciiDigit((char)digit) || (value = (value * 10) + (digit - '0')) > ushort.MaxValue)
            {
                return false;
            }
        }

        return port.Length <= 5;
    }
}
