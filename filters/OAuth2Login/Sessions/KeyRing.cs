using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;

namespace FilterProxy.Filters.OAuth2Login.Sessions;

/// <summary>
/// The keys cookies are encrypted with: the first seals, all open, so that a new one can be put before an old one. AES-256-GCM; what a
/// cookie is for is part of what is authenticated, so that one kind never passes for another.
/// </summary>
internal sealed class KeyRing
{
    private const byte Version = 1;
    private const int IdLength = 4;
    private const int NonceLength = 12;
    private const int TagLength = 16;
    private const int Head = 1 + IdLength + NonceLength;

    private readonly Key[] _keys;

    /// <exception cref="ArgumentException">There is no key.</exception>
    public KeyRing(IEnumerable<string> secrets)
    {
        _keys = [.. secrets.Select(Key.From)];
        if (_keys.Length == 0)
        {
            throw new ArgumentException("there is no key");
        }
    }

    /// <summary>The same for rings of the same keys.</summary>
    public UInt128 Fingerprint => Digest.Of([.. _keys.SelectMany(key => key.Bytes)]);

    /// <summary>Bytes a cookie is longer than what it holds.</summary>
    public static int Overhead => Head + TagLength;

    /// <summary>A key nobody else has.</summary>
    public static KeyRing Random() => new([Convert.ToBase64String(RandomNumberGenerator.GetBytes(32))]);

    public byte[] Seal(ReadOnlySpan<byte> plain, ReadOnlySpan<byte> purpose)
    {
        var sealedBytes = new byte[plain.Length + Overhead];
        sealedBytes[0] = Version;
        BinaryPrimitives.WriteUInt32BigEndian(sealedBytes.AsSpan(1), _keys[0].Id);
        var nonce = sealedBytes.AsSpan(1 + IdLength, NonceLength);
        RandomNumberGenerator.Fill(nonce);
        using var aes = new AesGcm(_keys[0].Bytes, TagLength);
        aes.Encrypt(nonce, plain, sealedBytes.AsSpan(Head, plain.Length), sealedBytes.AsSpan(Head + plain.Length), purpose);
        return sealedBytes;
    }

    /// <param name="sealedBytes">What <see cref="Seal"/> made, perhaps.</param>
    /// <param name="purpose">What it must be for.</param>
    /// <param name="plain">What it holds; the caller's.</param>
    public bool TryOpen(ReadOnlySpan<byte> sealedBytes, ReadOnlySpan<byte> purpose, [NotNullWhen(true)] out byte[]? plain)
    {
        plain = null;
        if (sealedBytes.Length < Overhead || sealedBytes[0] != Version)
        {
            return false;
        }

        var id = BinaryPrimitives.ReadUInt32BigEndian(sealedBytes[1..]);
        foreach (var key in _keys)
        {
            if (key.Id != id)
            {
                continue;
            }

            var opened = new byte[sealedBytes.Length - Overhead];
            using var aes = new AesGcm(key.Bytes, TagLength);
            try
            {
                aes.Decrypt(sealedBytes.Slice(1 + IdLength, NonceLength), sealedBytes[Head..^TagLength], sealedBytes[^TagLength..], opened, purpose);
                plain = opened;
                return true;
            }
            catch (AuthenticationTagMismatchException)
            {
                // Another key may have the same id; else it was tampered with.
            }
        }

        return false;
    }

    private sealed record Key(uint Id, byte[] Bytes)
    {
        // RFC 5869: the id tells nothing of the key. A secret of 32 characters or more needs no stretching.
        public static Key From(string secret)
        {
            var material = Encoding.UTF8.GetBytes(secret);
            var id = HKDF.DeriveKey(HashAlgorithmName.SHA256, material, IdLength, info: "FilterProxy oauth2_login key id"u8.ToArray());
            var bytes = HKDF.DeriveKey(HashAlgorithmName.SHA256, material, 32, info: "FilterProxy oauth2_login cookie"u8.ToArray());
            return new Key(BinaryPrimitives.ReadUInt32BigEndian(id), bytes);
        }
    }
}
