using System.Net;

namespace FilterProxy.Core.Upstream;

/// <summary>What the upstream is told of the client, and which peers are believed about theirs.</summary>
/// <param name="TrustedProxies">Networks of proxies in front of this one.</param>
/// <param name="XForwarded">Whether X-Forwarded-For, -Host, -Proto and -Prefix are sent.</param>
/// <param name="Forwarded">Whether Forwarded (RFC 7239) is sent.</param>
/// <param name="Via">The pseudonym in Via (RFC 9110 §7.6.3); empty for no Via.</param>
/// <param name="RequestId">Whether requests without X-Request-Id get one.</param>
internal sealed record ForwardingRules(
    IPNetwork[] TrustedProxies, bool XForwarded = true, bool Forwarded = false, byte[]? Via = null, bool RequestId = true)
{
    /// <summary>What becomes of X-Forwarded-Client-Cert.</summary>
    public ClientCertPolicy ClientCert { get; init; }

    /// <summary>What this proxy says in it.</summary>
    public ClientCertParts ClientCertDetails { get; init; } = ClientCertParts.Subject | ClientCertParts.Uri | ClientCertParts.Dns;

    public static readonly ForwardingRules Default = new([], Via: "filterproxy"u8.ToArray());

    /// <summary>Whether an address is one of the trusted proxies.</summary>
    public bool Trusts(IPAddress? address)
    {
        if (address is null)
        {
            return false;
        }

        foreach (var network in TrustedProxies)
        {
            if (network.Contains(address))
            {
                return true;
            }
        }

        return false;
    }
}
