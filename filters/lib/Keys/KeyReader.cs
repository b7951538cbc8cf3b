using System.Buffers.Binary;
using System.Net;

namespace FilterProxy.Filters.Keys;

/// <summary>Reads from a request what it is counted under.</summary>
internal sealed class KeyReader(KeyRule rule)
{
    private readonly Template? _key = rule.Key;

    /// <summary>What is counted; false when the limit is not for this request.</summary>
    /// <param name="exchange">The request.</param>
    /// <param name="id">What it is counted under.</param>
    /// <param name="text">The key to be shown, until the next call on this thread; empty for an address.</param>
    public bool TryRead(HttpExchange exchange, out KeyId id, out ReadOnlySpan<byte> text)
    {
        text = default;
        if (_key is null)
        {
            id = AddressOf(exchange);
            return true;
        }

        var scratch = KeyScratch.OfThread;
        scratch.Reset();
        if (!_key.TryFormat(exchange, scratch) || scratch.Written.IsEmpty)
        {
            id = rule.Missing == MissingKey.Address ? AddressOf(exchange) : KeyId.Shared;
            return rule.Missing != MissingKey.Skip;
        }

        var length = scratch.Written.Length;
        if (rule.WithAddress)
        {
            var address = AddressOf(exchange);
            var span = scratch.GetSpan(16);
            BinaryPrimitives.WriteUInt64BigEndian(span, address.High);
            BinaryPrimitives.WriteUInt64BigEndian(span[8..], address.Low);
            scratch.Advance(16);
        }

        id = OfBytes(scratch.Written);
        text = scratch.Written[..length];
        return true;
    }

    /// <summary>Whether the address belongs to the key.</summary>
    public bool WithAddress => rule.WithAddress;

    /// <summary>The network of a request's client.</summary>
    public KeyId AddressOf(HttpExchange exchange) => OfAddress(exchange.Downstream.ClientAddress ?? exchange.Downstream.RemoteAddress);

    /// <summary>The key of an address, or of a key as text, as an operator writes it.</summary>
    public KeyId Parse(string text) =>
        _key is null && IPAddress.TryParse(text, out var address) ? OfAddress(address) : OfBytes(System.Text.Encoding.UTF8.GetBytes(text));

    /// <summary>The key of some bytes.</summary>
    public static KeyId OfBytes(ReadOnlySpan<byte> key)
    {
        var (high, low) = SipHash.Of(key);
        return new KeyId(high, low, false);
    }

    /// <summary>The network of an address; a unix socket's client has none: all of those are one.</summary>
    public KeyId OfAddress(IPAddress? address)
    {
        if (address is null)
        {
            return KeyId.Shared;
        }

        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out var length);
        if (length == 16 && !address.IsIPv4MappedToIPv6)
        {
            var high = BinaryPrimitives.ReadUInt64BigEndian(bytes);
            var low = BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]);
            var bits = rule.Ipv6Prefix;
            return bits <= 64
                ? new KeyId(high & (ulong.MaxValue << (64 - bits)), 0, true)
                : new KeyId(high, low & (ulong.MaxValue << (128 - bits)), true);
        }

        var number = BinaryPrimitives.ReadUInt32BigEndian(length == 4 ? bytes : bytes[12..]);
        return new KeyId(0, 0xFFFF_0000_0000UL | (number & (uint.MaxValue << (32 - rule.Ipv4Prefix))), true);
    }
}
