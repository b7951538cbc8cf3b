using System.Net;
using System.Text.Json;
using FilterProxy.Filters.Jose;

namespace FilterProxy.Filters.OAuth2Login.Provider;

/// <summary>Tokens from a provider, or why there are none (RFC 6749 §5).</summary>
internal sealed record TokenAnswer
{
    private const int LongestToken = 16 * 1024;
    private const long LongestLife = 365 * 86_400;

    public string AccessToken { get; private init; } = "";

    public string? RefreshToken { get; private init; }

    public string? IdToken { get; private init; }

    /// <summary>Seconds the access token lives; 0 where the provider does not say.</summary>
    public long ExpiresIn { get; private init; }

    /// <summary>The scopes granted; null where they are those asked for.</summary>
    public string? Scope { get; private init; }

    /// <summary>The provider's code, or our own words; empty where there are tokens.</summary>
    public string Problem { get; private init; } = "";

    /// <summary>The provider said no to what was shown to it. Else it is away, talks nonsense, or knows another client.</summary>
    public bool IsRefused { get; private init; }

    public bool IsFailed => Problem.Length > 0;

    public static TokenAnswer Failed(string problem) => new() { Problem = problem };

    public static TokenAnswer Read(HttpStatusCode status, byte[] body)
    {
        var isJson = StrictJson.TryParseObject(body, out var root, out var problem);
        if (status != HttpStatusCode.OK)
        {
            var code = isJson && root.TryGetText("error", out var error) ? error : "";
            return new TokenAnswer
            {
                Problem = code.Length > 0 ? $"it answered {(int)status} {JwtFailure.Show(code)}" : $"it answered {(int)status}",

                // The others speak of the client or of the provider, and the next try may succeed.
                IsRefused = code is "invalid_grant" or "login_required" or "interaction_required" or "consent_required",
            };
        }

        if (!isJson)
        {
            return Failed($"its answer is {problem}");
        }

        if (!root.TryGetText("token_type", out var type) || !type.Equals("Bearer", StringComparison.OrdinalIgnoreCase))
        {
            return Failed("its token is no bearer token");
        }

        if (!TryGetToken(root, "access_token", out var access) || access is null || !TryGetToken(root, "refresh_token", out var refresh)
            || !TryGetToken(root, "id_token", out var id))
        {
            return Failed("a token of its answer is missing, too long or no token");
        }

        return new TokenAnswer
        {
            AccessToken = access,
            RefreshToken = refresh,
            IdToken = id,
            ExpiresIn = root.TryGetProperty("expires_in", out var seconds) && seconds.ValueKind == JsonValueKind.Number && seconds.TryGetDouble(out var life)
                ? (long)Math.Clamp(life, 0, LongestLife) : 0,
            Scope = root.TryGetText("scope", out var scope) ? scope : null,
        };
    }

    // RFC 6750 §2.1: what may stand in Authorization.
    private static bool TryGetToken(JsonElement root, string name, out string? token)
    {
        token = null;
        if (!root.TryGetProperty(name, out var value) || value.ValueKind == JsonValueKind.Null)
        {
            return true;
        }

        token = value.ValueKind == JsonValueKind.String ? value.GetString()! : "";
        return token.Length is > 0 and <= LongestToken && token.All(c => c is > ' ' and <= '~');
    }
}
