using System.Text;
using FilterProxy.Filters.Jose;
using FilterProxy.Filters.ReverseTunnel.Handshake;
using FilterProxy.Filters.ReverseTunnel.Identity;
using static FilterProxy.Filters.ReverseTunnel.Handshake.HandshakeRefusal;

namespace FilterProxy.Filters.ReverseTunnel.Access;

/// <summary>Those whose tokens are believed.</summary>
internal sealed class TokenIssuers(TunnelCredentialOptions options, ComponentContext context) : IDisposable
{
    private const int LongestToken = 8 * 1024;

    private readonly TokenIssuer[] _issuers = [.. options.Issuers.Select(issuer => new TokenIssuer(issuer, context))];

    public int Count => _issuers.Length;

    /// <summary>Takes over keys another instance has fetched.</summary>
    public void Adopt(TokenIssuers before)
    {
        foreach (var issuer in _issuers)
        {
            Array.ForEach(before._issuers, issuer.Adopt);
        }
    }

    /// <summary>Fetches keys until it is stopped.</summary>
    public Task RunAsync(CancellationToken stop) => Task.WhenAll(_issuers.Select(issuer => issuer.RunAsync(stop)));

    /// <summary>Waits for the keys there are, or that there are none.</summary>
    public Task FetchAsync(CancellationToken cancel) => Task.WhenAll(_issuers.Select(issuer => issuer.GetKeysAsync(cancel).AsTask()));

    /// <summary>Checks a token and whether it is the agent's.</summary>
    public async ValueTask<(TokenProof? Proof, HandshakeRefusal? Refusal)> CheckAsync(string text, TunnelIdentity identity, CancellationToken cancel)
    {
        var token = Encoding.ASCII.GetBytes(text);
        var (claims, issuer, failure) = Verify(token, null, null);
        if (issuer is { } named && failure.Error == JwtError.UnknownKey)
        {
            var keys = await named.GetKeysAsync(cancel);
            (claims, _, failure) = Verify(token, named, keys);
            if (failure.Error == JwtError.UnknownKey && keys is not null)
            {
                (claims, _, failure) = Verify(token, named, await named.RenewKeysAsync(keys, cancel));
            }
        }

        return claims is null || issuer is null ? (null, Refuse(401, "tunnel_credential_denied", $"its token cannot be believed: {failure}"))
            : issuer.Binds(claims, identity) ? (new TokenProof(claims), null)
            : (null, Refuse(403, "tunnel_identity_denied", $"its token, of {JwtFailure.Show(claims.Subject)}, does not say that it is this agent") with { Told = "its token is not this agent's" });
    }

    /// <summary>Whether a token would still be believed if it had not ended.</summary>
    public bool Holds(JwtClaims claims, TunnelIdentity identity) => Find(claims) is { } issuer && issuer.Binds(claims, identity)
        && (issuer.Rules.Audiences.Count == 0 || claims.Texts("aud").Any(issuer.Rules.Audiences.Contains));

    /// <summary>When a tunnel that was opened with a token ends for that; null for never.</summary>
    public DateTimeOffset? EndOf(JwtClaims claims) => Find(claims) is { ClosesAtExpiry: true } issuer ? claims.Expires + issuer.Rules.Skew : null;

    public void Dispose() => Array.ForEach(_issuers, issuer => issuer.Dispose());

    private TokenIssuer? Find(JwtClaims claims) => Array.Find(_issuers, issuer => issuer.Name == claims.Issuer);

    // Without keys it is only looked whose it is.
    private (JwtClaims? Claims, TokenIssuer? Issuer, JwtFailure Failure) Verify(byte[] text, TokenIssuer? issuer, JsonWebKeySet? keys)
    {
        if (!JwsToken.TryParse(text, LongestToken, out var token, out var failure) || JwtClaims.Read(token.Payload, out failure) is not { } claims)
        {
            return (null, null, failure);
        }

        issuer ??= Find(claims);
        if (issuer is null)
        {
            return (null, null, new(JwtError.UnknownIssuer, $"its issuer is {JwtFailure.Show(claims.Issuer)}"));
        }

        if (keys is null)
        {
            return (null, issuer, new(JwtError.UnknownKey, "the issuer's keys cannot be had"));
        }

        return token.IsSignedBy(keys, issuer.Rules.Algorithms, out failure) && JwtValidator.Check(token.Header, claims, issuer.Rules, context.Time.GetUtcNow(), out failure)
            ? (claims, issuer, default)
            : (null, issuer, failure);
    }
}
