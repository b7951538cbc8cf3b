using System.Security.Claims;
using System.Security.Cryptography;
using System.Text;

namespace FilterProxy.Filters.BasicAuth;

/// <summary>
/// Somebody with a password. Remembers the last password that was right, as a keyed digest: one per user, so that nothing a client sends makes
/// the memory grow.
/// </summary>
internal sealed class User(string name, PasswordHash hash)
{
    private static readonly byte[] Key = RandomNumberGenerator.GetBytes(32);
    private volatile Remembered? _remembered;

    public byte[] Name { get; } = Encoding.UTF8.GetBytes(name);

    public PasswordHash Hash { get; } = hash;

    public ClaimsPrincipal Principal { get; } = new(new ClaimsIdentity([new Claim("sub", name), new Claim(ClaimTypes.Name, name)], "basic"));

    public bool IsRemembered(ReadOnlySpan<byte> password, long now)
    {
        if (_remembered is not { } remembered || now >= remembered.Until)
        {
            return false;
        }

        Span<byte> digest = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData(Key, password, digest);
        return CryptographicOperations.FixedTimeEquals(digest, remembered.Digest);
    }

    public void Remember(ReadOnlySpan<byte> password, long until) => _remembered = new Remembered(HMACSHA256.HashData(Key, password), until);

    private sealed record Remembered(byte[] Digest, long Until);
}
