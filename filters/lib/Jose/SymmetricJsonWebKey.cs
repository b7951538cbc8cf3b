using System.Security.Cryptography;

namespace FilterProxy.Filters.Jose;

/// <summary>A secret both sides know. Whoever can check a token can make one.</summary>
internal sealed class SymmetricJsonWebKey(string? id, int algorithms, byte[] secret) : JsonWebKey(id, algorithms)
{
    public override bool IsSymmetric => true;

    protected override bool VerifyCore(JwsAlgorithm algorithm, ReadOnlySpan<byte> text, ReadOnlySpan<byte> signature)
    {
        Span<byte> mac = stackalloc byte[HMACSHA512.HashSizeInBytes];
        var length = CryptographicOperations.HmacData(JwsAlgorithms.HashOf(algorithm), secret, text, mac);

        // RFC 7518 §3.2: the comparison takes the same time however much of it is right.
        return CryptographicOperations.FixedTimeEquals(mac[..length], signature);
    }
}
