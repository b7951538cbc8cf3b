using System.Buffers;
using System.Buffers.Binary;
using System.Buffers.Text;
using System.Net;

namespace FilterProxy.Filters.RateLimit;

/// <summary>Reads from a request what a limit counts it under, and what it costs.</summary>
internal sealed class KeyReader(LimitOptions options)
{
    private static readonly KeyId Shared = new(0, 0, false);

    [ThreadStatic]
    private static Scratch? _scratch;

    private readonly Template? _key = options.Key;
    private readonly Template _cost = options.Cost;
    private readonly long _constantCost = options.Cost.TryGetConstant(out var text) && Utf8Parser.TryParse(text, out long cost, out _) ? cost : 0;

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

        var scratch = _scratch ??= new Scratch();
        scratch.Reset();
        if (!_key.TryFormat(exchange, scratch) || scratch.Written.IsEmpty)
        {
            id = options.Missing == MissingKey.Address ? AddressOf(exchange) : Shared;
            return options.Missing != MissingKey.Skip;
        }

        var length = scratch.Written.Length;
        if (options.WithAddress)
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
    public bool WithAddress => options.WithAddress;

    /// <summary>The network of a request's client.</summary>
    public KeyId AddressOf(HttpExchange exchange) => OfAddress(exchange.Downstream.ClientAddress ?? exchange.Downstream.RemoteAddress);

    /// <summary>At least 1.</summary>
    public long CostOf(HttpExchange exchange)
    {
        if (_constantCost > 0)
        {
            return _constantCost;
        }

        var scratch = _scratch ??= new Scratch();
        var start = scratch.Written.Length;
        _cost.Format(exchange, scratch);
        var written = scratch.Written[start..];
        var isNumber = Utf8Parser.TryParse(written, out long cost, out var used) && used == written.Length;
        scratch.Truncate(start);

        // Digits that do not fit are a cost nobody can pay, not a free pass.
        return isNumber ? Math.Max(1, cost) : written.Length > 18 && written.IndexOfAnyExceptInRange((byte)'0', (byte)'9') < 0 ? long.MaxValue : 1;
    }

    /// <summary>The key of an address, or of a key as text, as an operator writes it.</summary>
    public KeyId Parse(string text) =>
        _key is null && IPAddress.TryParse(text, out var address) ? OfAddress(address) : OfBytes(System.Text.Encoding.UTF8.GetBytes(text));

    /// <summary>The key of some bytes.</summary>
    public static KeyId OfBytes(ReadOnlySpan<byte> key)
    {
        var (high, low) = SipHash.Of(key);
        return new KeyId(high, low, false);
    }

    // A unix socket's client has none: all of those are one.
    private KeyId OfAddress(IPAddress? address)
    {
        if (address is null)
        {
            return Shared;
        }

        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out var length);
        if (length == 16 && !address.IsIPv4MappedToIPv6)
        {
            var high = BinaryPrimitives.ReadUInt64BigEndian(bytes);
            var low = BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]);
            var bits = options.Ipv6Prefix;
            return bits <= 64
                ? new KeyId(high & (ulong.MaxValue << (64 - bits)), 0, true)
                : new KeyId(high, low & (ulong.MaxValue << (128 - bits)), true);
        }

        var number = BinaryPrimitives.ReadUInt32BigEndian(length == 4 ? bytes : bytes[12..]);
        return new KeyId(0, 0xFFFF_0000_0000UL | (number & (uint.MaxValue << (32 - options.Ipv4Prefix))), true);
    }

    /// <summary>A buffer of the thread. A huge key does not keep its memory.</summary>
    private sealed class Scratch : IBufferWriter<byte>
    {
        private const int LargestKept = 64 * 1024;
        private byte[] _array = new byte[1024];
        private int _length;

        public ReadOnlySpan<byte> Written => _array.AsSpan(0, _length);

        public void Reset()
        {
            _length = 0;
            if (_array.Length > LargestKept)
            {
                _array = new byte[1024];
            }
        }

        public void Truncate(int length) => _length = length;

        public void Advance(int count) => _length += count;

        public Memory<byte> GetMemory(int sizeHint = 0)
        {
            Reserve(sizeHint);
            return _array.AsMemory(_length);
        }

        public Span<byte> GetSpan(int sizeHint = 0)
        {
            Reserve(sizeHint);
            return _array.AsSpan(_length);
        }

        private void Reserve(int size)
        {
            size = Math.Max(size, 1);
            if (_array.Length - _length < size)
            {
                Array.Resize(ref _array, Math.Max(_array.Length * 2, _length + size));
            }
        }
    }
}
