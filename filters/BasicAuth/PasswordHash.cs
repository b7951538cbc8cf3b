using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace FilterProxy.Filters.BasicAuth;

/// <summary>
/// A password as it is stored: <c>$pbkdf2-sha256$i=600000$salt$hash</c> in the PHC string format, base64 without padding (RFC 8018 §5.2).
/// </summary>
internal sealed class PasswordHash
{
    /// <summary>OWASP's advice for PBKDF2 with HMAC-SHA-256.</summary>
    public const int DefaultIterations = 600_000;

    private const int FewestIterations = 1_000;
    private const int MostIterations = 10_000_000;
    private const int SaltLength = 16;
    private const int HashLength = 32;

    private readonly HashAlgorithmName _algorithm;
    private readonly byte[] _salt;
    private readonly byte[] _hash;

    private PasswordHash(HashAlgorithmName algorithm, int iterations, byte[] salt, byte[] hash) =>
        (_algorithm, Iterations, _salt, _hash) = (algorithm, iterations, salt, hash);

    public int Iterations { get; }

    public static PasswordHash Create(string password, int iterations = DefaultIterations)
    {
        var salt = RandomNumberGenerator.GetBytes(SaltLength);
        return new PasswordHash(
            HashAlgorithmName.SHA256, iterations, salt, Rfc2898DeriveBytes.Pbkdf2(Encoding.UTF8.GetBytes(password), salt, iterations, HashAlgorithmName.SHA256, HashLength));
    }

    /// <summary>What no password has: it is as slow to find out as for any other.</summary>
    public static PasswordHash OfNobody(int iterations) =>
        new(HashAlgorithmName.SHA256, iterations, RandomNumberGenerator.GetBytes(SaltLength), RandomNumberGenerator.GetBytes(HashLength));

    public static bool TryParse(string text, [NotNullWhen(true)] out PasswordHash? hash)
    {
        hash = null;
        var parts = text.Split('$');
        if (parts is not ["", "pbkdf2-sha256" or "pbkdf2-sha512", ['i', '=', .. var count], var salt, var derived]
            || !int.TryParse(count, NumberStyles.None, CultureInfo.InvariantCulture, out var iterations)
            || iterations is < FewestIterations or > MostIterations
            || !TryDecode(salt, out var saltBytes) || !TryDecode(derived, out var hashBytes)
            || saltBytes.Length < 8 || hashBytes.Length is < 16 or > 64)
        {
            return false;
        }

        hash = new PasswordHash(parts[1] == "pbkdf2-sha256" ? HashAlgorithmName.SHA256 : HashAlgorithmName.SHA512, iterations, saltBytes, hashBytes);
        return true;
    }

    /// <summary>Takes the time of all its iterations, whatever the password.</summary>
    public bool Verify(ReadOnlySpan<byte> password)
    {
        Span<byte> derived = stackalloc byte[_hash.Length];
        Rfc2898DeriveBytes.Pbkdf2(password, _salt, derived, Iterations, _algorithm);
        return CryptographicOperations.FixedTimeEquals(derived, _hash);
    }

    public override string ToString() =>
        $"${(_algorithm == HashAlgorithmName.SHA256 ? "pbkdf2-sha256" : "pbkdf2-sha512")}$i={Iterations.ToString(CultureInfo.InvariantCulture)}${Encode(_salt)}${Encode(_hash)}";

    private static string Encode(byte[] bytes) => Convert.ToBase64String(bytes).TrimEnd('=');

    private static bool TryDecode(string text, out byte[] bytes)
    {
        bytes = new byte[text.Length];
        var decoded = Convert.TryFromBase64String(text.PadRight((text.Length + 3) / 4 * 4, '='), bytes, out var length);
        bytes = bytes[..length];
        return decoded;
    }
}
