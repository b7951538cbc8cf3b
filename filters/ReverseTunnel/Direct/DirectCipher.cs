using System.Buffers.Binary;
using System.Security.Cryptography;

namespace FilterProxy.Filters.ReverseTunnel.Direct;

/// <summary>
/// Seals or opens packets of one direction: AES-256-GCM with the packet's number in the nonce (RFC 9001 §5.3). Numbers are never used twice, so nonces
/// are not. Keys come from the connection's by HKDF-SHA256 (RFC 5869), another for every 2^24 numbers: far below what one key may seal
/// (RFC 9001 §6.6), and nobody has to announce a change.
/// </summary>
internal sealed class DirectCipher : IDisposable
{
    /// <summary>Numbers of one key, as a power of two.</summary>
    public const int KeyBits = 24;

    private const int NonceSize = 12;
    private const int CarefulFor = 1024;
    private readonly byte[] _key;
    private readonly bool _isVisitor;
    private readonly byte[] _nonceMask = new byte[NonceSize];
    private readonly byte[] _nonce = new byte[NonceSize];

    // Two, as packets overtake each other: that of even changes and that of odd ones.
    private readonly AesGcm?[] _ciphers = new AesGcm?[2];
    private readonly long[] _changes = [-1, -1];
    private readonly byte[] _again = new byte[DirectPacket.MaxContent];
    private long _newest;
    private int _careful;

    /// <param name="key">The connection's; copied.</param>
    /// <param name="isVisitor">Whether the visitor seals in this direction.</param>
    public DirectCipher(ReadOnlySpan<byte> key, bool isVisitor)
    {
        (_key, _isVisitor) = (key.ToArray(), isVisitor);
        Derive(_nonceMask, "nonce"u8, 0);
    }

    /// <summary>Seals a packet in its place.</summary>
    /// <param name="number">Never used before.</param>
    /// <param name="datagram">The header, the frames, and room for the seal.</param>
    public void Seal(long number, Span<byte> datagram)
    {
        var content = datagram[DirectPacket.HeaderSize..^DirectPacket.SealSize];
        var cipher = CipherOf(number)!;
        _newest = number >> KeyBits;
        cipher.Encrypt(NonceOf(number), content, content, datagram[^DirectPacket.SealSize..], datagram[..DirectPacket.HeaderSize]);
    }

    /// <summary>Opens a packet.</summary>
    /// <param name="number">As its header says.</param>
    /// <param name="datagram">All of it.</param>
    /// <param name="content">Where its frames go: as long as they are.</param>
    /// <returns>False for what the peer did not seal.</returns>
    public bool TryOpen(long number, ReadOnlySpan<byte> datagram, Span<byte> content)
    {
        if (CipherOf(number) is not { } cipher)
        {
            return false;
        }

        if (_careful > 0 ? !TryOpenCarefully(cipher, NonceOf(number), datagram, content) : !TryOpen(cipher, NonceOf(number), datagram, content))
        {
            _careful = CarefulFor;
            return false;
        }

        _careful = Math.Max(0, _careful - 1);
        _newest = Math.Max(_newest, number >> KeyBits);
        return true;
    }

    public void Dispose()
    {
        CryptographicOperations.ZeroMemory(_key);
        foreach (var cipher in _ciphers)
        {
            cipher?.Dispose();
        }
    }

    private static bool TryOpen(AesGcm cipher, byte[] nonce, ReadOnlySpan<byte> datagram, Span<byte> content)
    {
        try
        {
            cipher.Decrypt(
                nonce,
                datagram[DirectPacket.HeaderSize..^DirectPacket.SealSize],
                datagram[^DirectPacket.SealSize..],
                content,
                datagram[..DirectPacket.HeaderSize]);
            return true;
        }
        catch (AuthenticationTagMismatchException)
        {
            return false;
        }
    }

    /// <summary>
    /// The framework has an exception for each seal that is wrong, and so many are dear. Once there was one, packets are decrypted as what was encrypted
    /// (counter mode is its own inverse) and sealed again, to compare the seals: twice the work, and no exception.
    /// </summary>
    private bool TryOpenCarefully(AesGcm cipher, byte[] nonce, ReadOnlySpan<byte> datagram, Span<byte> content)
    {
        Span<byte> seal = stackalloc byte[DirectPacket.SealSize];
        var again = _again.AsSpan(0, content.Length);
        cipher.Encrypt(nonce, datagram[DirectPacket.HeaderSize..^DirectPacket.SealSize], content, seal);
        cipher.Encrypt(nonce, content, again, seal, datagram[..DirectPacket.HeaderSize]);
        return CryptographicOperations.FixedTimeEquals(seal, datagram[^DirectPacket.SealSize..]);
    }

    private byte[] NonceOf(long number)
    {
        _nonceMask.CopyTo(_nonce, 0);
        var low = _nonce.AsSpan(NonceSize - 8);
        BinaryPrimitives.WriteInt64BigEndian(low, BinaryPrimitives.ReadInt64BigEndian(low) ^ number);
        return _nonce;
    }

    /// <summary>Null for numbers that cannot come now: what strangers send must not cost a key each.</summary>
    private AesGcm? CipherOf(long number)
    {
        var change = number >> KeyBits;
        var at = (int)(change & 1);
        if (_changes[at] == change)
        {
            return _ciphers[at];
        }

        if (change < _newest || change > _newest + 1)
        {
            return null;
        }

        Span<byte> key = stackalloc byte[32];
        Derive(key, "key"u8, change);
        _ciphers[at]?.Dispose();
        (_ciphers[at], _changes[at]) = (new AesGcm(key, DirectPacket.SealSize), change);
        CryptographicOperations.ZeroMemory(key);
        return _ciphers[at];
    }

    private void Derive(Span<byte> into, ReadOnlySpan<byte> use, long change)
    {
        var protocol = _isVisitor ? "filterproxy direct 1 visitor "u8 : "filterproxy direct 1 agent "u8;
        Span<byte> info = stackalloc byte[64];
        protocol.CopyTo(info);
        use.CopyTo(info[protocol.Length..]);
        var length = protocol.Length + use.Length;
        BinaryPrimitives.WriteInt64BigEndian(info[length..], change);
        HKDF.DeriveKey(HashAlgorithmName.SHA256, _key, into, default, info[..(length + 8)]);
    }
}
