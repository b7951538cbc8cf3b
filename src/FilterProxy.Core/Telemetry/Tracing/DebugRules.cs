using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace FilterProxy.Core.Telemetry.Tracing;

/// <summary>
/// Who may have one exchange debugged: whoever holds the key and signs a time with it, <c>{expires}.{hmac}</c>, seconds since 1970 and
/// the HMAC-SHA256 of those digits in hexadecimal.
/// </summary>
/// <param name="header">The field, in lower case.</param>
/// <param name="key">The key.</param>
/// <param name="maxAge">How far ahead the time may lie.</param>
internal sealed class DebugRules(string header, string key, TimeSpan maxAge)
{
    private const int Digits = 2 * HMACSHA256.HashSizeInBytes;
    private readonly byte[] _header = Encoding.ASCII.GetBytes(header);
    private readonly byte[] _key = Encoding.UTF8.GetBytes(key);

    /// <summary>Whether a request asks for it with a valid signature. Takes the field off in any case: it is nobody's business behind us.</summary>
    public bool Take(HeaderMap headers, DateTimeOffset now)
    {
        if (!headers.TryGet(_header, out var value))
        {
            return false;
        }

        var isValid = IsValid(value, now);
        headers.Remove(_header);
        return isValid;
    }

    private bool IsValid(ReadOnlySpan<byte> value, DateTimeOffset now)
    {
        var dot = value.IndexOf((byte)'.');
        if (dot is < 1 or > 12 || value.Length != dot + 1 + Digits
            || !Utf8Parser.TryParse(value[..dot], out long expires, out var read) || read != dot)
        {
            return false;
        }

        Span<byte> expected = stackalloc byte[HMACSHA256.HashSizeInBytes];
        Span<byte> given = stackalloc byte[HMACSHA256.HashSizeInBytes];
        if (Convert.FromHexString(Encoding.ASCII.GetString(value[(dot + 1)..]), given, out _, out var written) != System.Buffers.OperationStatus.Done
            || written != given.Length)
        {
            return false;
        }

        HMACSHA256.HashData(_key, value[..dot], expected);

        // First the signature: an answer about the time is only for who holds the key.
        return CryptographicOperations.FixedTimeEquals(expected, given)
            && expires >= now.ToUnixTimeSeconds() && expires - now.ToUnixTimeSeconds() <= (long)maxAge.TotalSeconds;
    }
}
