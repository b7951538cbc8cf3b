using System.Security.Claims;
using System.Text;
using FilterProxy.Filters.Auth;
using FilterProxy.Filters.Jose;

namespace FilterProxy.Filters.JwtAuth;

/// <summary>A token that was found right, with everything that requests need of it worked out.</summary>
internal sealed class VerifiedToken
{
    private readonly byte[] _text;
    private readonly Issuer _issuer;
    private readonly JsonWebKeySet _keys;
    private readonly DateTimeOffset _expires;

    private VerifiedToken(byte[] text, Issuer issuer, JsonWebKeySet keys, JwtClaims claims)
    {
        (_text, _issuer, _keys) = (text, issuer, keys);
        Claims = claims;
        var end = claims.Expires ?? DateTimeOffset.MaxValue;
        if (issuer.Rules.MaxAge is { } most && claims.IssuedAt is { } made && made < end - most)
        {
            end = made + most;
        }

        _expires = end < DateTimeOffset.MaxValue - issuer.Rules.Skew ? end + issuer.Rules.Skew : DateTimeOffset.MaxValue;
    }

    public JwtClaims Claims { get; }

    public ClaimsPrincipal User { get; private init; } = null!;

    /// <summary>What each rule says of it, by the rules' places.</summary>
    public RuleOutcome[] Outcomes { get; private init; } = [];

    /// <summary>What each header for claims holds; null where it has none.</summary>
    public byte[]?[] Headers { get; private init; } = [];

    /// <summary>What each value of metadata is; null where there is none.</summary>
    public string?[] Metadata { get; private init; } = [];

    /// <summary>When it has to be checked anew, as a timestamp: whatever is done to the clock on the wall.</summary>
    public long Until { get; private init; }

    /// <summary>Works out what requests need; null when a claim cannot be told upstream as it is.</summary>
    public static VerifiedToken? Create(ReadOnlySpan<byte> text, Issuer issuer, JsonWebKeySet keys, JwtClaims claims, TokenUse use, long until, out JwtFailure failure)
    {
        var headers = use.Headers.Length == 0 ? [] : new byte[]?[use.Headers.Length];
        for (var i = 0; i < headers.Length; i++)
        {
            if (!TryJoin(claims, use.Headers[i].Claim, out headers[i]))
            {
                failure = new(JwtError.ClaimDenied, $"its claim {JwtFailure.Show(use.Headers[i].Claim)} cannot be told in a header");
                return null;
            }
        }

        failure = default;
        return new VerifiedToken(text.ToArray(), issuer, keys, claims)
        {
            User = new Bearer(claims, use),
            Outcomes = OutcomesOf(claims, use),
            Headers = headers,
            Metadata = MetadataOf(claims, use),
            Until = until,
        };
    }

    public bool Is(ReadOnlySpan<byte> text) => ConstantTime.AreEqual(_text, text);

    /// <summary>Whether it still holds: its time, the time it may be remembered, and the very keys it was checked with.</summary>
    public bool Holds(DateTimeOffset now, long timestamp) => timestamp < Until && now < _expires && ReferenceEquals(_issuer.Keys, _keys);

    private static RuleOutcome[] OutcomesOf(JwtClaims claims, TokenUse use)
    {
        var outcomes = new RuleOutcome[use.Rules.Length];
        for (var i = 0; i < outcomes.Length; i++)
        {
            outcomes[i] = use.Rules[i].Judge(claims, use.ScopeClaim);
        }

        return outcomes;
    }

    private static string?[] MetadataOf(JwtClaims claims, TokenUse use)
    {
        var values = new string?[use.Metadata.Length];
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = claims.FirstText(use.Metadata[i].Claim);
        }

        return values;
    }

    // An item with a comma would be two for whoever reads the list, and white space at the ends is not sent: such claims are not told at all.
    private static bool TryJoin(JwtClaims claims, string path, out byte[]? value)
    {
        value = null;
        var isList = claims.IsList(path);
        var texts = claims.Texts(path).ToList();
        if (texts.Exists(text => (isList && text.Contains(',', StringComparison.Ordinal)) || text.Any(char.IsControl) || text != text.Trim()))
        {
            return false;
        }

        var joined = string.Join(',', texts);
        value = joined.Length > 0 ? Encoding.UTF8.GetBytes(joined) : null;
        return true;
    }
}
