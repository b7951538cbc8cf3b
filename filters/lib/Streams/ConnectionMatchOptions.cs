using System.Net;

namespace FilterProxy.Filters.Streams;

/// <summary>Which connections a rule is about: all that is said must hold, and of each list one.</summary>
public sealed record ConnectionMatchOptions
{
    /// <summary>
    /// Names a client asks for by TLS (SNI): <c>db.example.com</c>, <c>*.example.com</c> for those below it. Known behind <c>tls_inspector</c>
    /// or <c>tls</c>.
    /// </summary>
    public IReadOnlyList<string> ServerNames { get; init; } = [];

    /// <summary>Application protocols (ALPN) a client offers, or behind <c>tls</c> has agreed on: <c>h2</c>, <c>postgresql</c>.</summary>
    public IReadOnlyList<string> Alpn { get; init; } = [];

    /// <summary>Networks the client's address is in.</summary>
    public IReadOnlyList<IPNetwork> Sources { get; init; } = [];

    /// <summary>Ports that were connected to: <c>22</c>, <c>6000-6010</c>.</summary>
    public IReadOnlyList<PortRange> Ports { get; init; } = [];

    /// <summary>What <c>protocol_sniffer</c> found: <c>http1</c>, <c>h2c</c>, <c>tls</c>, <c>ssh</c>, <c>unknown</c>.</summary>
    public IReadOnlyList<string> Protocols { get; init; } = [];

    /// <summary>Fingerprints of the client's TLS library, as <c>tls_inspector</c> with <c>fingerprint: true</c> finds them.</summary>
    public IReadOnlyList<string> Fingerprints { get; init; } = [];
}
