using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;

namespace FilterProxy;

/// <summary>What is spoken to an upstream.</summary>
public enum UpstreamProtocol : byte
{
    /// <summary>HTTP/1.1.</summary>
    Http1,

    /// <summary>HTTP/2: by ALPN over TLS, with prior knowledge in the clear.</summary>
    Http2,

    /// <summary>HTTP/2 where ALPN offers it, else HTTP/1.1.</summary>
    Auto,

    /// <summary>Whatever a client speaks: a relay of bytes, which offers nothing by ALPN.</summary>
    Bytes,
}

/// <summary>How TLS to an upstream is done.</summary>
/// <param name="Trust">Certificates that may sign the upstream's; null for the system's.</param>
/// <param name="ClientCertificate">Shown to the upstream when it asks; null for none.</param>
/// <param name="Insecure">Accepts any certificate. Only for development.</param>
public sealed record TlsPolicy(X509Certificate2Collection? Trust = null, SslStreamCertificateContext? ClientCertificate = null, bool Insecure = false)
{
    /// <summary>The versions of TLS to offer; <see cref="SslProtocols.None"/> for those the system allows.</summary>
    public SslProtocols Versions { get; init; }
}

/// <summary>
/// An endpoint and how to talk to it: the key of the connection pool. Connections are shared between exchanges whose peers are
/// equal. A filter derives its own with <c>endpoint.Peer with { … }</c>; keep it rather than making one per request.
/// </summary>
/// <param name="Cluster">The cluster it belongs to.</param>
/// <param name="Endpoint">Where to connect.</param>
public sealed record UpstreamPeer(Cluster Cluster, Endpoint Endpoint)
{
    private object? _pool;
    private byte[]? _hostHeaderBytes;

    private UpstreamPeer(UpstreamPeer other)
    {
        (Cluster, Endpoint, Protocol, ServerName, HostHeader, Tls, GroupKey) =
            (other.Cluster, other.Endpoint, other.Protocol, other.ServerName, other.HostHeader, other.Tls, other.GroupKey);
    }

    /// <summary>What is spoken to it.</summary>
    public UpstreamProtocol Protocol { get; init; }

    /// <summary>The name sent in TLS (SNI) and verified; null for the endpoint's host name.</summary>
    public string? ServerName { get; init; }

    /// <summary>The Host the upstream gets; null to pass the client's on.</summary>
    public string? HostHeader { get; init; }

    /// <summary>TLS to the upstream; null for plain text.</summary>
    public TlsPolicy? Tls { get; init; }

    /// <summary>Keeps the connections of different groups apart, e.g. a tenant's.</summary>
    public string? GroupKey { get; init; }

    // The engine's pool for this peer, looked up once. No part of the key: a copy made by `with` starts without one.
    internal object? Pool
    {
        get => _pool;
        set => _pool = value;
    }

    internal byte[] HostHeaderBytes => _hostHeaderBytes ??= HostHeader is null ? [] : System.Text.Encoding.Latin1.GetBytes(HostHeader);

    /// <inheritdoc/>
    public bool Equals(UpstreamPeer? other) =>
        ReferenceEquals(this, other)
        || (other is not null && ReferenceEquals(Cluster, other.Cluster) && ReferenceEquals(Endpoint, other.Endpoint)
            && Protocol == other.Protocol && ServerName == other.ServerName && HostHeader == other.HostHeader
            && Equals(Tls, other.Tls) && GroupKey == other.GroupKey);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Endpoint, Protocol, ServerName, HostHeader, Tls, GroupKey);

    /// <inheritdoc/>
    public override string ToString() => $"{Cluster.Name}/{Endpoint.Name}";
}
