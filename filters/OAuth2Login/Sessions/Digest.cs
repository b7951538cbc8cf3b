using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace FilterProxy.Filters.OAuth2Login.Sessions;

/// <summary>Names as keys of tables: half a SHA-256, which tells nothing of the name and which nobody finds a second name for.</summary>
internal static class Digest
{
    public static UInt128 Of(ReadOnlySpan<byte> name)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(name, hash);
        return BinaryPrimitives.ReadUInt128BigEndian(hash);
    }

    /// <summary>Of a name of a kind at an issuer. None of them holds a NUL, so no two of them run together.</summary>
    public static UInt128 Of(string issuer, string kind, string name) => Of(Encoding.UTF8.GetBytes($"{issuer}\0{kind}\0{name}"));
}
