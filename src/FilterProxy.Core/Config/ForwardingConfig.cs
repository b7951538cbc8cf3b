using System.Net;
using FilterProxy.Core.Config.Binding;

namespace FilterProxy.Core.Config;

/// <summary>What is told upstream about the client, and whose word about it is taken.</summary>
internal sealed record ForwardingConfig
{
    private static readonly ConfigList<ClientCertDetail> DefaultDetails = [ClientCertDetail.Subject, ClientCertDetail.Uri, ClientCertDetail.Dns];

    /// <summary>
    /// Networks of proxies in front of this one, e.g. <c>10.0.0.0/8</c> or <c>::1</c>. From them X-Forwarded-*, Forwarded, X-Real-IP and
    /// X-Request-Id are believed and extended; from anyone else they are removed. Default: none.
    /// </summary>
    public IReadOnlyList<IPNetwork> TrustedProxies { get; init; } = [];

    /// <summary>Sends X-Forwarded-For, -Host and -Proto upstream, and -Prefix where a prefix was stripped. Default: true.</summary>
    public bool XForwarded { get; init; } = true;

    /// <summary>Sends Forwarded (RFC 7239) upstream. Default: false.</summary>
    public bool Forwarded { get; init; }

    /// <summary>The name of this proxy in Via (RFC 9110 section 7.6.3); <c>off</c> sends none. Default: filterproxy.</summary>
    [OffIsNull]
    public string? Via { get; init; } = "filterproxy";

    /// <summary>
    /// What becomes of X-Forwarded-Client-Cert: <c>sanitize</c> (taken off), <c>forward_only</c> (passed on from clients that showed a
    /// certificate), <c>append_forward</c> (passed on from those, and theirs added), <c>sanitize_set</c> (taken off, and the client's own
    /// set) or <c>always_forward_only</c> (passed on from anyone). Default: sanitize.
    /// </summary>
    public ClientCertForwarding ClientCertificate { get; init; }

    /// <summary>
    /// What is said of the client's certificate besides its SHA-256: <c>subject</c>, <c>uri</c>, <c>dns</c>, <c>cert</c> (the whole, as PEM).
    /// Default: [subject, uri, dns].
    /// </summary>
    public IReadOnlyList<ClientCertDetail> ClientCertificateDetails { get; init; } = DefaultDetails;

    /// <summary>Sends X-Request-Id upstream and on replies made here, made here unless a trusted proxy sent one. Default: true.</summary>
    public bool RequestId { get; init; } = true;
}
