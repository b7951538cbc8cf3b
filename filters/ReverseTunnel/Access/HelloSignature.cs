using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using FilterProxy.Filters.ReverseTunnel.Handshake;

namespace FilterProxy.Filters.ReverseTunnel.Access;

/// <summary>
/// What an agent signs its hello with, in Authorization: <c>FP-TUNNEL-HMAC-SHA256 key=edge-7, time=1893456000, nonce=5f0c…, signature=…</c>. The signature is over
/// time, nonce and every field of the hello, so that none can be changed, added or taken away.
/// </summary>
/// <param name="Key">The secret's id.</param>
/// <param name="Time">Seconds since 1970.</param>
/// <param name="Nonce">16 to 64 characters no other hello of that time has.</param>
/// <param name="Value">The signature.</param>
internal sealed record HelloSignature(string Key, long Time, string Nonce, byte[] Value)
{
    public const string Scheme = "FP-TUNNEL-HMAC-SHA256";
    private const long LastSecond = 253_402_300_799;

    /// <summary>Reads what stands behind the scheme; null where that is none.</summary>
    public static HelloSignature? Read(string text)
    {
        var parts = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var part in text.Split(',', StringSplitOptions.TrimEntries))
        {
            if (part.Split('=', 2) is not [("key" or "time" or "nonce" or "signature") and var name, var value] || !parts.TryAdd(name, value))
            {
                return null;
            }
        }

        return parts.TryGetValue("key", out var key)
            && long.TryParse(parts.GetValueOrDefault("time"), NumberStyles.None, CultureInfo.InvariantCulture, out var time) && time <= LastSecond
            && parts.GetValueOrDefault("nonce", "") is { Length: >= 16 and <= 64 } nonce && nonce.All(char.IsAsciiLetterOrDigit)
            && parts.GetValueOrDefault("signature", "") is { Length: 43 } signature && Base64Url.IsValid(signature)
            ? new HelloSignature(key, time, nonce, Base64Url.DecodeFromChars(signature))
            : null;
    }

    /// <summary>The value of Authorization for a hello.</summary>
    public static string Sign(string key, byte[] secret, DateTimeOffset now, IEnumerable<(string Name, string Value)> fields)
    {
        var time = now.ToUnixTimeSeconds();
        var nonce = RandomNumberGenerator.GetHexString(32, lowercase: true);
        var signature = HMACSHA256.HashData(secret, TextOf(fields, time, nonce));
        return string.Create(CultureInfo.InvariantCulture, $"{Scheme} key={key}, time={time}, nonce={nonce}, signature={Base64Url.EncodeToString(signature)}");
    }

    /// <summary>What is signed of a request.</summary>
    public static byte[] TextOf(HandshakeHead head, long time, string nonce) => TextOf(head.All, time, nonce);

    // A line each, fields by name: proxies may reorder fields of different names, never those of one (RFC 9110 §5.3). No part holds a line feed.
    private static byte[] TextOf(IEnumerable<(string Name, string Value)> fields, long time, string nonce)
    {
        var text = new StringBuilder(Scheme).Append('\n').Append(time.ToString(CultureInfo.InvariantCulture)).Append('\n').Append(nonce).Append('\n');
        var signed = fields.Where(field => field.Name.StartsWith(Fields.EnvoyPrefix, StringComparison.Ordinal) || field.Name.StartsWith(Fields.OwnPrefix, StringComparison.Ordinal));
        foreach (var (name, value) in signed.OrderBy(field => field.Name, StringComparer.Ordinal))
        {
            text.Append(name).Append(':').Append(value).Append('\n');
        }

        return Encoding.ASCII.GetBytes(text.ToString());
    }
}
