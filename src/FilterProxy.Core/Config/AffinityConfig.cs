using FilterProxy.Core.Clusters.Affinity;

namespace FilterProxy.Core.Config;

/// <summary>Keeps a client with its endpoint. Exactly one of cookie, header and hash.</summary>
internal sealed record AffinityConfig
{
    /// <summary>The name of a cookie that the proxy sets.</summary>
    public string? Cookie { get; init; }

    /// <summary>The name of a header: the response tells it, and a client that sends it back stays where it was.</summary>
    public string? Header { get; init; }

    /// <summary>
    /// What clients are told apart by, e.g. <c>%REQ(x-user)%</c>: the same goes to the same endpoint, and nothing is told to the client. Requests
    /// without it are balanced. The keys below but <c>when_gone</c> are for cookie and header.
    /// </summary>
    public Template? Hash { get; init; }

    /// <summary>
    /// Signs what clients carry, e.g. <c>${file:/run/secrets/affinity}</c>; all proxies of a cluster need the same. Default: made at start,
    /// so that a restart spreads clients anew.
    /// </summary>
    public string? Key { get; init; }

    /// <summary>Duration the cookie is kept. Default: off; until the browser is closed.</summary>
    public TimeSpan Ttl { get; init; }

    /// <summary>The path the cookie is for. Default: /.</summary>
    public string Path { get; init; } = "/";

    /// <summary>Whether the cookie is for TLS only: <c>auto</c> (when the client came over TLS), <c>always</c> or <c>never</c>. Default: auto.</summary>
    public CookieSecure Secure { get; init; }

    /// <summary>Keeps the cookie from scripts. Default: true.</summary>
    public bool HttpOnly { get; init; } = true;

    /// <summary>Which requests from other sites the cookie comes with: <c>lax</c>, <c>strict</c> or <c>none</c>. Default: lax.</summary>
    public CookieSameSite SameSite { get; init; }

    /// <summary>What a client gets whose endpoint is gone or unhealthy: <c>another</c> endpoint, or <c>refuse</c> (503). Default: another.</summary>
    public AffinityGone WhenGone { get; init; }
}
