using System.Net;

namespace FilterProxy.Core.Clusters.Discovery;

/// <summary>Types of records this client asks for (RFC 1035, RFC 3596, RFC 2782).</summary>
internal enum DnsType : ushort
{
    A = 1,
    CName = 5,
    Aaaa = 28,
    Srv = 33,
}

/// <summary>A record of an answer.</summary>
/// <param name="Type">Its type.</param>
/// <param name="Ttl">Seconds it may be kept.</param>
internal sealed record DnsRecord(DnsType Type, uint Ttl)
{
    /// <summary>Of A and AAAA.</summary>
    public IPAddress? Address { get; init; }

    /// <summary>The host of SRV.</summary>
    public string Target { get; init; } = "";

    /// <summary>Of SRV.</summary>
    public ushort Port { get; init; }

    /// <summary>Of SRV: lower is used first.</summary>
    public ushort Priority { get; init; }

    /// <summary>Of SRV.</summary>
    public ushort Weight { get; init; }
}

/// <summary>A name that cannot be resolved, and why.</summary>
internal sealed class DnsException(string message) : Exception(message);
