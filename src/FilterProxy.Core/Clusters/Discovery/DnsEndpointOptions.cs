using System.ComponentModel.DataAnnotations;

namespace FilterProxy.Core.Clusters.Discovery;

/// <summary>Which records endpoints are made of.</summary>
internal enum DnsRecords
{
    /// <summary>Addresses, of IPv4 and IPv6.</summary>
    Any,

    /// <summary>Addresses of IPv4.</summary>
    A,

    /// <summary>Addresses of IPv6.</summary>
    Aaaa,

    /// <summary>Services, with their hosts' ports, priorities and weights.</summary>
    Srv,
}

/// <summary>Addresses that an answer must not have.</summary>
internal enum ForbiddenAddresses
{
    /// <summary>127.0.0.0/8, ::1, and the unspecified address.</summary>
    Loopback,

    /// <summary>169.254.0.0/16 and fe80::/10: where clouds tell machines their secrets.</summary>
    LinkLocal,

    /// <summary>10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16 and fc00::/7.</summary>
    Private,
}

/// <summary>Options of the <c>dns</c> endpoint source.</summary>
internal sealed record DnsEndpointOptions
{
    private static readonly IReadOnlyList<ForbiddenAddresses> s_none = [];

    /// <summary>The name asked for, in full; of SRV e.g. <c>_http._tcp.app.internal</c>.</summary>
    public required string Host { get; init; }

    /// <summary>The port of the endpoints; SRV records tell their own. Default: 80.</summary>
    [Range(1, 65535, ErrorMessage = "must be between 1 and 65535")]
    public int Port { get; init; } = 80;

    /// <summary>Which records: <c>any</c> (addresses), <c>a</c>, <c>aaaa</c> or <c>srv</c>. Default: any.</summary>
    public DnsRecords Records { get; init; }

    /// <summary>The name servers, <c>10.0.0.2</c> or <c>10.0.0.2:5353</c>. Default: the system's, and its hosts file.</summary>
    public IReadOnlyList<string> Servers { get; init; } = [];

    /// <summary>Addresses that are left out of an answer: <c>loopback</c>, <c>link_local</c>, <c>private</c>. Default: none.</summary>
    public IReadOnlyList<ForbiddenAddresses> Forbid { get; init; } = s_none;

    /// <summary>Whether an answer without endpoints empties the cluster; otherwise the last one stays. Default: false.</summary>
    public bool AllowEmpty { get; init; }

    /// <summary>Duration an answer is kept at the least, whatever its TTL is. Default: 1s.</summary>
    public TimeSpan MinTtl { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Duration an answer is kept at the most. Default: 5m.</summary>
    public TimeSpan MaxTtl { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Duration a name server has to answer. Default: 2s.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(2);
}
