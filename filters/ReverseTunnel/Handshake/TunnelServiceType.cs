namespace FilterProxy.Filters.ReverseTunnel.Handshake;

/// <summary>How a service is reached at the server.</summary>
public enum TunnelServiceType
{
    /// <summary>By host names, as HTTP.</summary>
    Http,

    /// <summary>By host names a client asks for in TLS, which is passed through.</summary>
    Https,

    /// <summary>At a port of its own.</summary>
    Tcp,

    /// <summary>At a UDP port of its own.</summary>
    Udp,

    /// <summary>By visitors that have its key, as bytes.</summary>
    Stcp,

    /// <summary>By visitors that have its key, as datagrams.</summary>
    Sudp,

    /// <summary>As <see cref="Stcp"/>, and directly where a way is found past the server.</summary>
    Xtcp,
}
