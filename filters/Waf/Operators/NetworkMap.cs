using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace FilterProxy.Filters.Waf.Operators;

/// <summary>Networks, and what belongs to each; of those that an address is in, the smallest counts.</summary>
internal sealed class NetworkMap<T>
{
    private const int V4InV6 = 96;
    private static readonly UInt128 Mapped = new(0, 0xFFFF_0000_0000UL);
    private static readonly Comparer<int> LongestFirst = Comparer<int>.Create(static (left, right) => right.CompareTo(left));

    // First addresses by length of the prefix.
    private readonly SortedList<int, Dictionary<UInt128, T>> _v4 = new(LongestFirst);
    private readonly SortedList<int, Dictionary<UInt128, T>> _v6 = new(LongestFirst);

    /// <param name="network">An address or a network; bits behind its prefix do not count.</param>
    /// <param name="value">What belongs to it.</param>
    /// <exception cref="FormatException">It is none.</exception>
    public void Add(string network, T value)
    {
        var slash = network.IndexOf('/', StringComparison.Ordinal);
        if (!IPAddress.TryParse(slash < 0 ? network : network[..slash], out var address))
        {
            throw new FormatException($"'{network}' is no address or network");
        }

        var isV4 = address.AddressFamily == AddressFamily.InterNetwork;
        var bits = isV4 ? 32 : 128;
        if (slash >= 0 && (!int.TryParse(network.AsSpan(slash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var given) || given > bits))
        {
            throw new FormatException($"'{network}' has no prefix between 0 and {bits}");
        }

        var prefix = (slash < 0 ? bits : int.Parse(network.AsSpan(slash + 1), CultureInfo.InvariantCulture)) + (isV4 ? V4InV6 : 0);
        var number = NumberOf(address) & Mask(prefix);
        var networks = isV4 || (prefix >= V4InV6 && IsMapped(number)) ? _v4 : _v6;
        if (!networks.TryGetValue(prefix, out var starts))
        {
            networks[prefix] = starts = [];
        }

        starts[number] = value;
    }

    /// <summary>What belongs to the network an address is in.</summary>
    public bool TryFind(string text, [MaybeNullWhen(false)] out T value)
    {
        value = default;
        if (!IPAddress.TryParse(text, out var address))
        {
            return false;
        }

        // An IPv4 address in IPv6's clothes is an IPv4 address.
        var number = NumberOf(address);
        foreach (var (prefix, starts) in IsMapped(number) ? _v4 : _v6)
        {
            if (starts.TryGetValue(number & Mask(prefix), out value))
            {
                return true;
            }
        }

        return false;
    }

    private static bool IsMapped(UInt128 number) => number >> 32 == Mapped >> 32;

    private static UInt128 Mask(int prefix) => prefix == 0 ? UInt128.Zero : UInt128.MaxValue << (128 - prefix);

    // IPv4 as IPv4-mapped IPv6 (RFC 4291 §2.5.5.2).
    private static UInt128 NumberOf(IPAddress address)
    {
        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out var length);
        return length == 4 ? Mapped | BinaryPrimitives.ReadUInt32BigEndian(bytes) : BinaryPrimitives.ReadUInt128BigEndian(bytes);
    }
}
