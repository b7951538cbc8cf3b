using System.Security.Claims;
using System.Text;
using FilterProxy.Filters.Jose;

namespace FilterProxy.Filters.JwtAuth;

/// <summary>What is made of a token that holds.</summary>
internal sealed class TokenUse
{
    private const string Namespace = "jwt";
    private const string Scheme = "jwt";

    private readonly string _rolesClaim;

    public TokenUse(JwtAuthOptions options)
    {
        Rules = options.Rules.Count > 0
            ? [.. options.Rules.Select((rule, index) => new TokenRule(rule, index, options.Realm))]
            : [new TokenRule(new JwtRuleOptions(), 0, options.Realm)];
        Headers = [.. options.ClaimHeaders.Select(header => (Encoding.ASCII.GetBytes(header.Key), header.Value))];
        Metadata = [("sub", "sub"), ("iss", "iss"), .. options.Metadata.Where(value => value.Key is not ("sub" or "iss")).Select(value => (value.Key, value.Value))];
        ScopeClaim = options.ScopeClaim;
        _rolesClaim = options.RolesClaim;
    }

    public TokenRule[] Rules { get; }

    public (byte[] Name, string Claim)[] Headers { get; }

    public (string Key, string Claim)[] Metadata { get; }

    public string ScopeClaim { get; }

    public TokenRule? RuleFor(RequestHead request)
    {
        foreach (var rule in Rules)
        {
            if (rule.Matches(request))
            {
                return rule;
            }
        }

        return null;
    }

    /// <summary>Whoever reads these headers believes them: a client's own are no better than a lie.</summary>
    public void RemoveClaimed(HeaderMap headers)
    {
        foreach (var (name, _) in Headers)
        {
            headers.Remove(name);
        }
    }

    public void Apply(HttpExchange exchange, VerifiedToken token)
    {
        exchange.User = token.User;
        for (var i = 0; i < Headers.Length; i++)
        {
            if (token.Headers[i] is { } value)
            {
                exchange.Request.Headers.Set(Headers[i].Name, value);
            }
        }

        var metadata = exchange.Metadata;
        for (var i = 0; i < Metadata.Length; i++)
        {
            metadata[Namespace, Metadata[i].Key] = token.Metadata[i];
        }
    }

    /// <summary>The bearer. Roles that are found by a path, or under another name, are there as <c>roles</c> too.</summary>
    public ClaimsPrincipal ToUser(JwtClaims claims)
    {
        var user = claims.ToPrincipal(Scheme);
        if (_rolesClaim != "roles")
        {
            ((ClaimsIdentity)user.Identity!).AddClaims(claims.Texts(_rolesClaim).Select(role => new Claim("roles", role, ClaimValueTypes.String, claims.Issuer)));
        }

        if (ScopeClaim != "scope")
        {
            ((ClaimsIdentity)user.Identity!).AddClaims(claims.Words(ScopeClaim).Select(scope => new Claim("scope", scope, ClaimValueTypes.String, claims.Issuer)));
        }

        return user;
    }
}
