using System.Net;

namespace FilterProxy.Core.Config;

/// <summary>What is told upstream about the client, and whose word about it is taken.</summary>
internal sealed record ForwardingConfig
{
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

    /// <summary>Sends X-Request-Id upstream, made here unless a trusted proxy sent one. Default: true.</summary>
    public bool RequestId { get; init; } = true;
}
