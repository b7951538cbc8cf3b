using System.Buffers.Binary;
using System.Security.Cryptography;

namespace FilterProxy.Filters.ApiKey;

/// <summary>
/// What is kept of a key: its SHA-256. Keys are random and long, so that nothing slower is needed, and two digests may be compared as one likes:
/// nobody can choose one by its beginning.
/// </summary>
internal readonly record struct KeyDigest
{
    private const string Prefix = "sha256:";

    private readonly ulong _a, _b, _c, _d;

    private KeyDigest(ReadOnlySpan<byte> digest)
    {
        _a = BinaryPrimitives.ReadUInt64BigEndian(digest);
        _b = BinaryPrimitives.ReadUInt64BigEndian(digest[8..]);
        _c = BinaryPrimitives.ReadUInt64BigEndian(digest[16..]);
        _d = BinaryPrimitives.ReadUInt64BigEndian(digest[24..]);
    }

    public static KeyDigest Of(ReadOnlySpan<byte> key)
    {
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(key, digest);
        return new KeyDigest(digest);
    }

    public static bool TryParse(string text, out KeyDigest digest)
    {
        Span<byte> bytes = stackalloc byte[SHA256.HashSizeInBytes];
        var isDigest = text.Length == Prefix.Length + (bytes.Length * 2)
            && text.StartsWith(Prefix, StringComparison.Ordinal)
            && Convert.FromHexString(text.AsSpan(Prefix.Length), bytes, out _, out _) == System.Buffers.OperationStatus.Done;
        digest = isDigest ? new KeyDigest(bytes) : default;
        return isDigest;
    }

    public override string ToString() => $"{Prefix}{_a:x16}{_b:x16}{_c:x16}{_d:x16}";
}
