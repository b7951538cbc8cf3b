using FilterProxy.Filters.Auth;
using FilterProxy.Filters.OAuth2Login.Sessions;

namespace FilterProxy.Filters.OAuth2Login.Login;

/// <summary>The rules who passes, and what becomes of who does not.</summary>
internal sealed class Admission(OAuth2LoginOptions options)
{
    private readonly PathRule[] _apiPaths = [.. options.ApiPaths.Select(PathRule.Parse)];

    /// <summary>Whether a session has all that is required. Allocates nothing unless claims or scopes are.</summary>
    public bool Allows(Session session)
    {
        var require = options.Require;
        return (require.Roles.Count == 0 || Shares(require.Roles, session.Roles))
            && (require.Scopes.Count == 0 || require.Scopes.All(session.HasScope))
            && (require.Claims.Count == 0 || HasClaims(session, require.Claims));
    }

    /// <summary>
    /// Whether a browser shows the answer as a page, and so can be sent elsewhere for it. Scripts would get the provider's page for their data.
    /// </summary>
    public bool IsPage(RequestHead request)
    {
        var headers = request.Headers;
        if (request.MethodKind is not (HttpMethodKind.Get or HttpMethodKind.Head) || headers.Contains(KnownHeader.Upgrade) || IsApi(request.Path))
        {
            return false;
        }

        if (headers.TryGet("sec-fetch-mode"u8, out var mode))
        {
            return mode.SequenceEqual("navigate"u8);
        }

        return !headers.Contains("x-requested-with"u8)
            && headers.TryGet(KnownHeader.Accept, out var accept) && accept.IndexOf("text/html"u8) >= 0;
    }

    /// <summary>What becomes of a request without a session, and what one would need, in words.</summary>
    public string Explain(RequestHead request)
    {
        var without = options.Anonymous == AnonymousAction.Pass ? "passes without a user"
            : options.Anonymous == AnonymousAction.Login && IsPage(request) ? $"is sent to log in at {options.Issuer}"
            : "gets 401";
        var require = options.Require;
        string[] needs =
        [
            .. require.Roles.Count > 0 ? [$"one of the roles {string.Join(", ", require.Roles)}"] : Array.Empty<string>(),
            .. require.Scopes.Count > 0 ? [$"the scopes {string.Join(", ", require.Scopes)}"] : Array.Empty<string>(),
            .. require.Claims.Select(claim => $"{claim.Key} of {string.Join(", ", claim.Value)}"),
        ];
        return $"without a session it {without}; with one it passes{(needs.Length > 0 ? $" if it has {string.Join(" and ", needs)}, else it gets 403" : "")}";
    }

    // Apart, so that who asks for no claims pays for no closure.
    private static bool HasClaims(Session session, IReadOnlyDictionary<string, IReadOnlyList<string>> claims) =>
        claims.All(claim => session.HasClaim(claim.Key, claim.Value));

    private static bool Shares(IReadOnlyList<string> wanted, IReadOnlyList<string> there)
    {
        for (var i = 0; i < wanted.Count; i++)
        {
            for (var j = 0; j < there.Count; j++)
            {
                if (wanted[i] == there[j])
                {
                    return true;
                }
            }
        }

        return false;
    }

    private bool IsApi(ReadOnlySpan<byte> path)
    {
        foreach (var rule in _apiPaths)
        {
            if (rule.Matches(path))
            {
                return true;
            }
        }

        return false;
    }
}
