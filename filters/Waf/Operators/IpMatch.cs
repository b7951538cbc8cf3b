using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace FilterProxy.Filters.Waf.Operators;

/// <summary>Whether a value is an address in one of several networks.</summary>
internal sealed class IpMatch : Operator
{
    private const int V4InV6 = 96;
    private static readonly UInt128 Mapped = new(0, 0xFFFF_0000_0000UL);

    private readonly Dictionary<int, HashSet<UInt128>> _v4 = [];
    private readonly Dictionary<int, HashSet<UInt128>> _v6 = [];

    /// <param name="networks">Addresses and networks; bits behind a prefix do not count.</param>
    /// <exception cref="FormatException">One is none.</exception>
    public IpMatch(IEnumerable<string> networks)
    {
        foreach (var text in networks.Select(network => network.Trim()).Where(network => network.Length > 0))
        {
            Add(text);
        }
    }

    public override bool Matches(string text, OperatorRun run)
    {
        if (!IPAddress.TryParse(text, out var address))
        {
            return false;
        }

        // An IPv4 address in IPv6's clothes is an IPv4 address.
        var number = NumberOf(address);
        return Has(number >> 32 == Mapped >> 32 ? _v4 : _v6, number);
    }

    private static bool Has(Dictionary<int, HashSet<UInt128>> networks, UInt128 number)
    {
        foreach (var (prefix, starts) in networks)
        {
            if (starts.Contains(number & Mask(prefix)))
            {
                return true;
            }
        }

        return false;
    }

    private static UInt128 Mask(int prefix) => prefix == 0 ? UInt128.Zero : UInt128.MaxValue << (128 - prefix);

    // IPv4 as IPv4-mapped IPv6 (RFC 4291 §2.5.5.2).
    private static UInt128 NumberOf(IPAddress address)
    {
        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out var length);
        return length == 4 ? Mapped | BinaryPrimitives.ReadUInt32BigEndian(bytes) : BinaryPrimitives.ReadUInt128BigEndian(bytes);
    }

    private void Add(string text)
    {
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        if (!IPAddress.TryParse(slash < 0 ? text : text[..slash], out var address))
        {
            throw new FormatException($"'{text}' is no address or network");
        }

        var isV4 = address.AddressFamily == AddressFamily.InterNetwork;
        var bits = isV4 ? 32 : 128;
        if (slash >= 0 && (!int.TryParse(text.AsSpan(slash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var given) || given > bits))
        {
            throw new FormatException($"'{text}' has no prefix between 0 and {bits}");
        }

        var prefix = (slash < 0 ? bits : int.Parse(text.AsSpan(slash + 1), CultureInfo.InvariantCulture)) + (isV4 ? V4InV6 : 0);
        var number = NumberOf(address) & Mask(prefix);
        var networks = isV4 || (prefix >= V4InV6 && number >> 32 == Mapped >> 32) ? _v4 : _v6;
        if (!networks.TryGetValue(prefix, out var starts))
        {
            networks[prefix] = starts = [];
        }

        starts.Add(number);
    }
}
