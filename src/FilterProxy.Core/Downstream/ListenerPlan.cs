using System.Net;
using FilterProxy.Core.Security;

namespace FilterProxy.Core.Downstream;

/// <summary>A listener as compiled: where it listens and what a connection passes through before HTTP.</summary>
internal sealed record ListenerPlan
{
    public required string Name { get; init; }

    public required EndPoint Address { get; init; }

    /// <summary>Whether the engine's own transport moves its bytes instead of Kestrel's.</summary>
    public bool Direct { get; init; }

    /// <summary>Bytes that wait in memory per connection and direction, where a pump stands between the socket and us.</summary>
    public int BufferSize { get; init; } = 128 * 1024;

    /// <summary>Filters that see cipher text; all of them when there is no TLS.</summary>
    public IReadOnlyList<IConnectionFilter> BeforeTls { get; init; } = [];

    /// <summary>TLS ends here; null for none.</summary>
    public TlsSelector? Tls { get; init; }

    public TimeSpan HandshakeTimeout { get; init; }

    /// <summary>Filters that see plain text after TLS.</summary>
    public IReadOnlyList<IConnectionFilter> AfterTls { get; init; } = [];
}
