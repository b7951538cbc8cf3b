using System.Buffers;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using FilterProxy.Filters.Jose;

namespace FilterProxy.Filters.OAuth2Login.Provider;

/// <summary>Checks ID tokens and logout tokens beyond their signature, and takes from them what a session keeps.</summary>
internal sealed class IdTokens(ProviderOptions options, OpenIdProvider provider)
{
    private const int Longest = 16 * 1024;
    private const string LogoutEvent = "http://schemas.openid.net/event/backchannel-logout";
    private static readonly TimeSpan LogoutTokenAge = TimeSpan.FromMinutes(10);

    // What speaks of the token and not of the user; a session has its own times.
    private static readonly string[] NotKept = ["aud", "exp", "iat", "nbf", "nonce", "at_hash", "c_hash", "s_hash", "azp", "jti"];

    /// <summary>Checks an ID token (OpenID Connect Core §3.1.3.7, §12.2).</summary>
    /// <param name="token">The token.</param>
    /// <param name="nonce">What the login was begun with; null for a refresh.</param>
    /// <param name="accessToken">The token that came with it.</param>
    public async Task<(JwtClaims? Claims, string Problem)> CheckAsync(string token, string? nonce, string accessToken)
    {
        var (claims, problem) = await provider.ValidateAsync(token, new JwtRules
        {
            Issuer = options.Issuer,
            Audiences = [options.ClientId],
            Types = ["", "jwt"],
            Skew = options.ClockSkew,
            Nonce = nonce,
            Longest = Longest,
        });
        if (claims is null)
        {
            return (null, $"the ID token cannot be believed: {problem}");
        }

        problem = claims.Subject is not { Length: > 0 and <= 255 } ? "the ID token names nobody"
            : !IsAuthorizedParty(claims) ? "the ID token was made for another client (azp)"
            : !IsBoundTo(claims, token, accessToken) ? "the ID token belongs to another access token (at_hash)"
            : "";
        return (problem.Length == 0 ? claims : null, problem);
    }

    /// <summary>Checks a logout token (OpenID Connect Back-Channel Logout §2.6).</summary>
    public async Task<(JwtClaims? Claims, string Problem)> CheckLogoutAsync(string token)
    {
        var (claims, problem) = await provider.ValidateAsync(token, new JwtRules
        {
            Issuer = options.Issuer,
            Audiences = [options.ClientId],
            Types = ["", "jwt", "logout+jwt"],
            Skew = options.ClockSkew,
            MaxAge = LogoutTokenAge,
            Longest = Longest,
        });
        if (claims is null)
        {
            return (null, problem);
        }

        problem = !claims.Root.TryGetProperty("events", out var events) || events.ValueKind != JsonValueKind.Object
                || !events.TryGetProperty(LogoutEvent, out var logout) || logout.ValueKind != JsonValueKind.Object ? "it is no logout token (events)"
            : claims.Root.TryGetProperty("nonce", out _) ? "it has a nonce, as an ID token would"
            : claims.Subject is not { Length: > 0 } && !(claims.Root.TryGetText("sid", out var sid) && sid.Length > 0) ? "it names neither a user nor a session"
            : !(claims.Root.TryGetText("jti", out var id) && id.Length > 0) ? "it has no jti"
            : "";
        return (problem.Length == 0 ? claims : null, problem);
    }

    /// <summary>What a session keeps of claims: the first of each name, and none that speaks of a token.</summary>
    public static byte[] Merge(IEnumerable<JsonProperty> claims)
    {
        var output = new ArrayBufferWriter<byte>(1024);
        using (var json = new Utf8JsonWriter(output))
        {
            var written = new HashSet<string>(NotKept, StringComparer.Ordinal);
            json.WriteStartObject();
            foreach (var claim in claims.Where(claim => written.Add(claim.Name)))
            {
                claim.WriteTo(json);
            }

            json.WriteEndObject();
        }

        return output.WrittenSpan.ToArray();
    }

    // Of several audiences one asked for it, and that must be us.
    private bool IsAuthorizedParty(JwtClaims claims) =>
        claims.Root.TryGetProperty("azp", out _) ? claims.Root.TryGetText("azp", out var party) && party == options.ClientId : claims.Texts("aud").Count() == 1;

    // OpenID Connect Core §3.1.3.6: half of the access token's hash, by the algorithm the token is signed with.
    private static bool IsBoundTo(JwtClaims claims, string token, string accessToken)
    {
        if (!claims.Root.TryGetProperty("at_hash", out _))
        {
            return true;
        }

        if (!claims.Root.TryGetText("at_hash", out var expected) || !JwsToken.TryParse(Encoding.ASCII.GetBytes(token), Longest, out var parts, out _))
        {
            return false;
        }

        var hash = CryptographicOperations.HashData(JwsAlgorithms.HashOf(parts.Header.Algorithm), Encoding.ASCII.GetBytes(accessToken));
        return CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(Base64Url.EncodeToString(hash.AsSpan(0, hash.Length / 2))), Encoding.UTF8.GetBytes(expected));
    }
}
