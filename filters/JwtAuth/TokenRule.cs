using System.Text;
using FilterProxy.Filters.Auth;
using FilterProxy.Filters.Jose;

namespace FilterProxy.Filters.JwtAuth;

/// <summary>A rule, ready to be asked.</summary>
internal sealed class TokenRule
{
    private readonly JwtRuleOptions _options;
    private readonly PathRule[] _paths;
    private readonly byte[][] _methods;
    private readonly KeyValuePair<string, IReadOnlyList<string>>[] _claims;

    public TokenRule(JwtRuleOptions options, int index, string realm)
    {
        (_options, Index) = (options, index);
        _paths = [.. options.Path.Select(PathRule.Parse)];
        _methods = [.. options.Methods.Select(Encoding.ASCII.GetBytes)];
        _claims = [.. options.Claims];
        ScopeChallenge = Encoding.ASCII.GetBytes(
            $"Bearer realm=\"{realm}\", error=\"insufficient_scope\", scope=\"{string.Join(' ', options.Scopes.Concat(options.AnyScope))}\"");
    }

    /// <summary>Its place among the rules.</summary>
    public int Index { get; }

    public TokenNeed Need => _options.Token;

    /// <summary>What a client is told that has too little scope (RFC 6750 §3.1).</summary>
    public byte[] ScopeChallenge { get; }

    public bool Matches(RequestHead request) => MatchesPath(request.Path) && MatchesMethod(request.Method);

    /// <summary>What it says of a token that holds.</summary>
    public RuleOutcome Judge(JwtClaims claims, string scopeClaim)
    {
        if (_options.Issuers.Count > 0 && !_options.Issuers.Contains(claims.Issuer))
        {
            return RuleOutcome.NotPermitted;
        }

        if (_options.Audiences.Count > 0 && !claims.HasText("aud", _options.Audiences))
        {
            return RuleOutcome.WrongAudience;
        }

        if (!HasScopes(claims, scopeClaim))
        {
            return RuleOutcome.LacksScope;
        }

        return HasClaims(claims) ? RuleOutcome.Permitted : RuleOutcome.NotPermitted;
    }

    private bool HasClaims(JwtClaims claims)
    {
        foreach (var (name, values) in _claims)
        {
            if (!(values.Count == 0 ? claims.TryGet(name, out _) : claims.HasText(name, values)))
            {
                return false;
            }
        }

        return true;
    }

    private bool HasScopes(JwtClaims claims, string scopeClaim)
    {
        if (_options.Scopes.Count == 0 && _options.AnyScope.Count == 0)
        {
            return true;
        }

        var scopes = claims.Words(scopeClaim).ToHashSet(StringComparer.Ordinal);
        return _options.Scopes.All(scopes.Contains) && (_options.AnyScope.Count == 0 || _options.AnyScope.Any(scopes.Contains));
    }

    private bool MatchesPath(ReadOnlySpan<byte> path)
    {
        foreach (var rule in _paths)
        {
            if (rule.Matches(path))
            {
                return true;
            }
        }

        return _paths.Length == 0;
    }

    private bool MatchesMethod(ReadOnlySpan<byte> method)
    {
        foreach (var name in _methods)
        {
            if (method.SequenceEqual(name))
            {
                return true;
            }
        }

        return _methods.Length == 0;
    }
}
