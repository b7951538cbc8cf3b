using System.Buffers;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace FilterProxy.Core.Config.Binding;

/// <summary>Addresses and networks as people write them; stricter than <see cref="IPAddress"/>, to which <c>10</c> is 0.0.0.10.</summary>
internal static class NetworkText
{
    public const string Expected = "a network like '10.0.0.0/8'";

    private static readonly SearchValues<char> Digits = SearchValues.Create("0123456789.");

    public static bool TryParseAddress(ReadOnlySpan<char> text, out IPAddress address)
    {
        address = IPAddress.None;
        var plausible = text.Contains(':') ? text.IndexOfAny("[]") < 0 : text.Count('.') == 3 && text.IndexOfAnyExcept(Digits) < 0;
        if (!plausible || !IPAddress.TryParse(text, out var parsed))
        {
            return false;
        }

        address = parsed;

        // A leading zero is octal to some and decimal to others.
        return parsed.AddressFamily == AddressFamily.InterNetworkV6 || text.SequenceEqual(parsed.ToString());
    }

    public static bool TryParse(string text, out IPNetwork network, out string error)
    {
        (network, error) = (default, $"expected {Expected}, got '{text}'");
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        if (!TryParseAddress(slash < 0 ? text : text.AsSpan(0, slash), out var address) || address.ScopeId() != 0)
        {
            return false;
        }

        var bytes = address.GetAddressBytes();
        var length = bytes.Length * 8;
        if (slash >= 0
            && (!int.TryParse(text.AsSpan(slash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out length) || length > bytes.Length * 8))
        {
            return false;
        }

        for (var bit = length; bit < bytes.Length * 8; bit++)
        {
            bytes[bit / 8] &= (byte)~(0x80 >> (bit % 8));
        }

        network = new IPNetwork(new IPAddress(bytes), length);
        if (!network.BaseAddress.Equals(address))
        {
            error = $"'{text}' has bits set after its prefix (did you mean '{network}'?)";
            return false;
        }

        error = "";
        return true;
    }

    private static long ScopeId(this IPAddress address) => address.AddressFamily == AddressFamily.InterNetworkV6 ? address.ScopeId : 0;
}
