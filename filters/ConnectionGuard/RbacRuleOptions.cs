using FilterProxy.Filters.Streams;

namespace FilterProxy.Filters.ConnectionGuard;

/// <summary>A rule of <see cref="ConnectionRbacOptions"/>: which connections, and whether they may pass.</summary>
public sealed record RbacRuleOptions
{
    /// <summary>Which connections; all where nothing is said.</summary>
    public ConnectionMatchOptions Match { get; init; } = new();

    /// <summary>
    /// Names of client certificates, one of which must have been shown behind `tls` with `client_certificates`: a subject like `CN=deploy`,
    /// or an alternative name like `deploy.example.com` or `spiffe://example.com/deploy`; `*` for any certificate.
    /// </summary>
    public IReadOnlyList<string> Certificates { get; init; } = [];

    /// <summary>Whether they may pass.</summary>
    public RbacAction Action { get; init; } = RbacAction.Allow;
}
