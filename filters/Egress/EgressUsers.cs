using System.Security.Cryptography;
using System.Text;

namespace FilterProxy.Filters.Egress;

/// <summary>Tells users by their passwords, in a time that tells nothing.</summary>
internal sealed class EgressUsers(IReadOnlyDictionary<string, string> users)
{
    private readonly Dictionary<string, byte[]> _digests =
        users.ToDictionary(user => user.Key, user => SHA256.HashData(Encoding.UTF8.GetBytes(user.Value)), StringComparer.Ordinal);

    /// <summary>Whether anybody has to say who it is.</summary>
    public bool AreAsked => _digests.Count > 0;

    public bool Know(ReadOnlySpan<byte> name, ReadOnlySpan<byte> password)
    {
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(password, digest);
        var known = _digests.TryGetValue(Encoding.UTF8.GetString(name), out var expected);
        return CryptographicOperations.FixedTimeEquals(digest, expected ?? new byte[SHA256.HashSizeInBytes]) && known;
    }
}
