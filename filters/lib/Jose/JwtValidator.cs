namespace FilterProxy.Filters.Jose;

/// <summary>Says whether a token (RFC 7519, RFC 8725) can be believed, and if not, exactly why.</summary>
internal static class JwtValidator
{
    /// <summary>Checks a token of an issuer whose keys are known.</summary>
    /// <param name="text">The token.</param>
    /// <param name="keys">The issuer's keys.</param>
    /// <param name="rules">What it must be like.</param>
    /// <param name="now">The time of day.</param>
    /// <param name="failure">Why it cannot be believed.</param>
    /// <returns>What it claims; null when it cannot be believed.</returns>
    public static JwtClaims? Validate(ReadOnlySpan<byte> text, JsonWebKeySet keys, JwtRules rules, DateTimeOffset now, out JwtFailure failure) =>
        JwsToken.TryParse(text, rules.Longest, out var token, out failure) && token.IsSignedBy(keys, rules.Algorithms, out failure)
            && JwtClaims.Read(token.Payload, out failure) is { } claims && Check(token.Header, claims, rules, now, out failure)
            ? claims
            : null;

    /// <summary>Whether a token whose signature holds is what the rules want.</summary>
    public static bool Check(JwsHeader header, JwtClaims claims, JwtRules rules, DateTimeOffset now, out JwtFailure failure)
    {
        failure = CheckKind(header, claims, rules);
        if (failure.Error == JwtError.None)
        {
            failure = CheckTime(claims, rules, now);
        }

        return failure.Error == JwtError.None;
    }

    private static JwtFailure CheckKind(JwsHeader header, JwtClaims claims, JwtRules rules)
    {
        if (rules.Types.Count > 0 && !rules.Types.Contains(header.Type))
        {
            return new(JwtError.WrongType, $"its type is {JwtFailure.Show(header.Type)}");
        }

        if (rules.Issuer is { } issuer && claims.Issuer != issuer)
        {
            return new(JwtError.UnknownIssuer, $"its issuer is {JwtFailure.Show(claims.Issuer)}");
        }

        // RFC 7519 §4.1.3
        if (rules.Audiences.Count > 0 && !claims.HasText("aud", rules.Audiences))
        {
            return new(JwtError.WrongAudience, claims.TryGet("aud", out _) ? "it is for another audience" : "it names no audience");
        }

        return rules.Nonce is { } nonce && !(claims.Root.TryGetText("nonce", out var given) && given == nonce)
            ? new(JwtError.ClaimDenied, "its nonce is another")
            : default;
    }

    private static JwtFailure CheckTime(JwtClaims claims, JwtRules rules, DateTimeOffset now)
    {
        if (claims.Expires is not { } expires)
        {
            if (rules.MustExpire)
            {
                return new(JwtError.ClaimDenied, "it has no exp");
            }
        }
        else if (now - rules.Skew >= expires)
        {
            return new(JwtError.Expired, $"it ended {expires:u}");
        }

        if (claims.NotBefore is { } begins && now + rules.Skew < begins)
        {
            return new(JwtError.NotYetValid, $"it begins {begins:u}");
        }

        if (rules.MaxAge is not { } most)
        {
            return default;
        }

        if (claims.IssuedAt is not { } made)
        {
            return new(JwtError.ClaimDenied, "it has no iat");
        }

        return now - made > most + rules.Skew ? new(JwtError.Expired, $"it was made {made:u}")
            : made - now > rules.Skew ? new(JwtError.NotYetValid, $"it was made {made:u}, which is to come") : default;
    }
}
