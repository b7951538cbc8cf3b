using System.Text;
using FilterProxy.Filters.Auth;
using FilterProxy.Filters.Jose;

namespace FilterProxy.Filters.JwtAuth;

/// <summary>Refuses requests as RFC 6750 §3 has it: the client learns which kind of wrong it was, the log exactly what.</summary>
internal sealed class JwtRefusals(string realm, DenialLog log)
{
    private const string TextType = "text/plain; charset=utf-8";
    private static readonly byte[] Unauthorized = "Unauthorized\n"u8.ToArray(), Forbidden = "Forbidden\n"u8.ToArray(), BadRequest = "Bad Request\n"u8.ToArray(),
        Unavailable = "Service Unavailable\n"u8.ToArray();

    // RFC 6750 §3.1: who showed nothing is told no error.
    private readonly byte[] _bare = Encoding.ASCII.GetBytes($"Bearer realm=\"{realm}\"");
    private readonly byte[] _several = Challenge(realm, "invalid_request", "The request has more than one token");
    private readonly byte[] _malformed = Challenge(realm, "invalid_token", "The token is malformed");
    private readonly byte[] _untrusted = Challenge(realm, "invalid_token", "The token is not trusted");
    private readonly byte[] _audience = Challenge(realm, "invalid_token", "The token is for another audience");
    private readonly byte[] _expired = Challenge(realm, "invalid_token", "The token has expired");
    private readonly byte[] _early = Challenge(realm, "invalid_token", "The token is not valid yet");
    private readonly byte[] _claims = Challenge(realm, "invalid_token", "The token lacks what is needed");

    public FilterStatus Missing(HttpExchange exchange) => Refuse(exchange, "jwt_missing", 401, _bare, Unauthorized);

    public FilterStatus Several(HttpExchange exchange) => Refuse(exchange, "jwt_several_tokens", 400, _several, BadRequest, "it has more than one token");

    public FilterStatus NoRule(HttpExchange exchange) => Refuse(exchange, "jwt_no_rule", 403, null, Forbidden, "no rule fits it");

    public FilterStatus KeysUnavailable(HttpExchange exchange, string issuer)
    {
        var status = Refuse(exchange, "jwt_keys_unavailable", 503, null, Unavailable, $"there are no keys of {JwtFailure.Show(issuer)}");
        exchange.Response.Headers.Set(KnownHeader.RetryAfter, "5"u8);
        return status;
    }

    public FilterStatus Failed(HttpExchange exchange, in JwtFailure failure) => failure.Error switch
    {
        JwtError.AlgorithmDenied => Refuse(exchange, "jwt_algorithm_denied", 401, _untrusted, Unauthorized, failure.Detail),
        JwtError.UnknownIssuer => Refuse(exchange, "jwt_unknown_issuer", 401, _untrusted, Unauthorized, failure.Detail),
        JwtError.UnknownKey or JwtError.AmbiguousKey => Refuse(exchange, "jwt_unknown_key", 401, _untrusted, Unauthorized, failure.Detail),
        JwtError.BadSignature => Refuse(exchange, "jwt_bad_signature", 401, _untrusted, Unauthorized, failure.Detail),
        JwtError.WrongAudience => Refuse(exchange, "jwt_wrong_audience", 401, _audience, Unauthorized, failure.Detail),
        JwtError.Expired => Refuse(exchange, "jwt_expired", 401, _expired, Unauthorized, failure.Detail),
        JwtError.NotYetValid => Refuse(exchange, "jwt_not_yet_valid", 401, _early, Unauthorized, failure.Detail),
        JwtError.ClaimDenied => Refuse(exchange, "jwt_claim_denied", 401, _claims, Unauthorized, failure.Detail),
        _ => Refuse(exchange, "jwt_malformed", 401, _malformed, Unauthorized, failure.Detail),
    };

    public FilterStatus NotPermitted(HttpExchange exchange, RuleOutcome outcome, TokenRule rule) => outcome switch
    {
        RuleOutcome.WrongAudience => Refuse(exchange, "jwt_wrong_audience", 401, _audience, Unauthorized, "its token is for another audience than the rule's"),
        RuleOutcome.LacksScope => Refuse(exchange, "jwt_insufficient_scope", 403, rule.ScopeChallenge, Forbidden, "its token has too little scope"),
        _ => Refuse(exchange, "jwt_not_permitted", 403, null, Forbidden, "its token's issuer or claims are not what the rule demands"),
    };

    private FilterStatus Refuse(HttpExchange exchange, string reason, int status, byte[]? challenge, byte[] body, string detail = "")
    {
        exchange.Reply(status, reason, body, TextType);
        if (challenge is not null)
        {
            exchange.Response.Headers.Set(KnownHeader.WWWAuthenticate, challenge);
        }

        // Asking without a token is how a conversation begins, and no news.
        if (detail.Length > 0)
        {
            log.Write(exchange, reason, detail);
        }

        return FilterStatus.Stop;
    }

    private static byte[] Challenge(string realm, string error, string description) =>
        Encoding.ASCII.GetBytes($"Bearer realm=\"{realm}\", error=\"{error}\", error_description=\"{description}\"");
}
