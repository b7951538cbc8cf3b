using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace FilterProxy.Filters.Networks;

/// <summary>
/// Says for every address what holds for it: the most specific network that has it decides, and of equal ones the last. Networks are
/// flattened into ranges once, so that a look-up is a binary search, however many there are.
/// </summary>
internal sealed class AddressTable<T>
{
    private readonly UInt128[] _starts;
    private readonly T[] _values;

    private AddressTable(List<(UInt128 Start, T Value)> ranges)
    {
        _starts = [.. ranges.Select(range => range.Start)];
        _values = [.. ranges.Select(range => range.Value)];
    }

    /// <param name="rules">Networks and what they say.</param>
    /// <param name="otherwise">What holds for addresses in none of them.</param>
    public static AddressTable<T> Create(IEnumerable<(IPNetwork Network, T Value)> rules, T otherwise)
    {
        // Equal ones stay in their order.
        var ordered = rules.Select(rule => Range.Of(rule.Network, rule.Value)).OrderBy(range => range.Start).ThenByDescending(range => range.End);

        var ranges = new List<(UInt128 Start, T Value)> { (UInt128.Zero, otherwise) };
        var open = new Stack<Range>();
        foreach (var range in ordered)
        {
            CloseUntil(range.Start);
            Cut(range.Start, range.Value);
            open.Push(range);
        }

        CloseUntil(null);
        return new AddressTable<T>(ranges);

        // Networks lie within each other or apart: after the end of one, the one around it holds again.
        void CloseUntil(UInt128? start)
        {
            while (open.Count > 0 && (start is null || open.Peek().End < start))
            {
                var end = open.Pop().End;
                if (end != UInt128.MaxValue)
                {
                    Cut(end + 1, open.Count > 0 ? open.Peek().Value : otherwise);
                }
            }
        }

        void Cut(UInt128 start, T value)
        {
            if (ranges[^1].Start == start)
            {
                ranges.RemoveAt(ranges.Count - 1);
            }

            ranges.Add((start, value));
        }
    }

    /// <summary>What holds for an address.</summary>
    public T Of(IPAddress address)
    {
        var index = Array.BinarySearch(_starts, NumberOf(address));
        return _values[index >= 0 ? index : ~index - 1];
    }

    // IPv4 is counted as IPv4-mapped IPv6 (RFC 4291 §2.5.5.2): a socket of both families shows it so.
    private static UInt128 NumberOf(IPAddress address)
    {
        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out var length);
        return length == 4 ? new UInt128(0, 0xFFFF_0000_0000UL | BinaryPrimitives.ReadUInt32BigEndian(bytes)) : BinaryPrimitives.ReadUInt128BigEndian(bytes);
    }

    private readonly record struct Range(UInt128 Start, UInt128 End, T Value)
    {
        public static Range Of(IPNetwork network, T value)
        {
            var fixedBits = network.PrefixLength + (network.BaseAddress.AddressFamily == AddressFamily.InterNetwork ? 96 : 0);
            var start = NumberOf(network.BaseAddress);
            return new Range(start, fixedBits == 0 ? UInt128.MaxValue : start | ((UInt128.One << (128 - fixedBits)) - 1), value);
        }
    }
}
