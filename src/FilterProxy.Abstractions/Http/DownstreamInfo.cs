using System.Net;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;

namespace FilterProxy;

/// <summary>The client's side of an exchange: who is connected, over what. One per connection.</summary>
public sealed class DownstreamInfo
{
    internal DownstreamInfo()
    {
    }

    /// <summary>Unique in this process, e.g. for logs.</summary>
    public string ConnectionId { get; internal set; } = "";

    /// <summary>The listener that accepted the connection.</summary>
    public string ListenerName { get; internal set; } = "";

    /// <summary>The peer of the TCP connection (after PROXY protocol); null for unix sockets.</summary>
    public IPAddress? RemoteAddress { get; internal set; }

    /// <summary>The peer's port; 0 for unix sockets.</summary>
    public int RemotePort { get; internal set; }

    /// <summary>
    /// The client as far as it is known: <see cref="RemoteAddress"/>, or the address forwarded by trusted proxies for
    /// this request. The one to use for access decisions, limits and logs.
    /// </summary>
    public IPAddress? ClientAddress { get; internal set; }

    /// <summary>The address the connection was accepted on; null for unix sockets.</summary>
    public IPAddress? LocalAddress { get; internal set; }

    /// <summary>The port the connection was accepted on; 0 for unix sockets.</summary>
    public int LocalPort { get; internal set; }

    /// <summary>Whether the connection is TLS, ended here.</summary>
    public bool IsTls { get; internal set; }

    /// <summary>The name in the TLS ClientHello (SNI), or empty.</summary>
    public string ServerName { get; internal set; } = "";

    /// <summary>The TLS version, or <see cref="SslProtocols.None"/>.</summary>
    public SslProtocols TlsProtocol { get; internal set; }

    /// <summary>The TLS cipher suite; null without TLS, or where the engine does not know it.</summary>
    public TlsCipherSuite? TlsCipher { get; internal set; }

    /// <summary>The client's verified certificate, or null.</summary>
    public X509Certificate2? ClientCertificate { get; internal set; }

    /// <summary>The PROXY protocol header the connection began with, with its TLVs; null for none.</summary>
    public ProxyProtocolHeader? ProxyProtocol { get; internal set; }

    // RemoteAddress as text, made once per connection: it goes into a field of every request.
    internal byte[] RemoteAddressText { get; set; } = [];

    // The connection is over: upstream connections that are kept for it alone have no use any more.
    internal bool IsClosed { get; set; }

    /// <summary>Requests begun on this connection, this one included.</summary>
    public long RequestNumber { get; internal set; }
}
