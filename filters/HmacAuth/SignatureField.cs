using System.Buffers.Text;
using System.Globalization;
using System.Text;

namespace FilterProxy.Filters.HmacAuth;

/// <summary>
/// What a client writes into Authorization: <c>FP-HMAC-SHA256 key=jobs, time=1893456000, nonce=5f0c…, headers=content-type;x-id, signature=…</c>.
/// </summary>
/// <param name="Key">The secret's id.</param>
/// <param name="Time">Seconds since 1970.</param>
/// <param name="Nonce">16 to 64 characters no other request of that time has.</param>
/// <param name="Headers">Names of the headers that are signed, in lower case.</param>
/// <param name="Signature">The signature.</param>
internal sealed record SignatureField(string Key, long Time, string Nonce, IReadOnlyList<string> Headers, byte[] Signature)
{
    public const string Scheme = "FP-HMAC-SHA256";
    private const int Longest = 4096;
    private const int MostHeaders = 32;

    /// <summary>Reads one; null with what is wrong.</summary>
    public static SignatureField? Read(ReadOnlySpan<byte> text, out string problem)
    {
        problem = "";
        if (text.Length > Longest || !Ascii.IsValid(text))
        {
            problem = "its signature is too long, or no ASCII";
            return null;
        }

        var parts = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var part in Encoding.ASCII.GetString(text).Split(','))
        {
            var pair = part.Trim(' ').Split('=', 2);
            if (pair.Length < 2 || pair[0] is not ("key" or "time" or "nonce" or "headers" or "signature") || !parts.TryAdd(pair[0], pair[1]))
            {
                problem = "its signature has a part that is unknown or there twice";
                return null;
            }
        }

        var headers = parts.GetValueOrDefault("headers", "").Split(';', StringSplitOptions.RemoveEmptyEntries);
        if (!parts.TryGetValue("key", out var key)
            || !long.TryParse(parts.GetValueOrDefault("time"), NumberStyles.None, CultureInfo.InvariantCulture, out var time)
            || parts.GetValueOrDefault("nonce", "") is not { Length: >= 16 and <= 64 } nonce
            || parts.GetValueOrDefault("signature", "") is not { Length: 43 } signature || !Base64Url.IsValid(signature)
            || headers.Length > MostHeaders || headers.Any(name => !HeaderName.IsToken(Encoding.ASCII.GetBytes(name)) || name.Any(char.IsAsciiLetterUpper)))
        {
            problem = "its signature lacks key, time, nonce or signature, or one is none";
            return null;
        }

        return new SignatureField(key, time, nonce, headers, Base64Url.DecodeFromChars(signature));
    }
}
