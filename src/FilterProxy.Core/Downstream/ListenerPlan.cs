using System.Net;
using FilterProxy.Core.Components;
using FilterProxy.Core.Security;

namespace FilterProxy.Core.Downstream;

/// <summary>A listener as compiled: where it listens and what a connection passes through before HTTP.</summary>
internal sealed record ListenerPlan
{
    public required string Name { get; init; }

    public required EndPoint Address { get; init; }

    /// <summary>What its connections come from; null for clients that connect to its address.</summary>
    public IConnectionSource? Source { get; init; }

    /// <summary>Whether the engine's own transport moves its bytes instead of Kestrel's.</summary>
    public bool Direct { get; init; }

    /// <summary>Bytes that wait in memory per connection and direction, where a pump stands between the socket and us.</summary>
    public int BufferSize { get; init; } = 128 * 1024;

    /// <summary>Filters that see cipher text; all of them when there is no TLS.</summary>
    public IReadOnlyList<IConnectionFilter> BeforeTls { get; init; } = [];

    /// <summary>TLS ends here; null for none.</summary>
    public TlsSelector? Tls { get; init; }

    public TimeSpan HandshakeTimeout { get; init; }

    /// <summary>TLS handshakes under way at a time on the listener; 0 for no limit.</summary>
    public int MaxHandshakes { get; init; } = 1000;

    /// <summary>The files TLS was made of, besides those of the certificate sources.</summary>
    public IReadOnlyList<FileStamp> TlsFiles { get; init; } = [];

    /// <summary>Filters that see plain text after TLS.</summary>
    public IReadOnlyList<IConnectionFilter> AfterTls { get; init; } = [];

    /// <summary>All filters in order.</summary>
    public IEnumerable<IConnectionFilter> Filters => BeforeTls.Concat(AfterTls);

    public bool HasFilters => BeforeTls.Count > 0 || AfterTls.Count > 0;

    /// <summary>Filters that are told of connections that have ended, with their names.</summary>
    public IReadOnlyList<(string Name, IConnectionLoggingFilter Filter)> Loggers { get; init; } = [];

    public bool SpeaksHttp1 { get; init; } = true;

    public bool SpeaksHttp2 { get; init; }

    /// <summary>Whether HTTP/3 was asked for, which is said not to be there when the listener starts.</summary>
    public bool WantsHttp3 { get; init; }

    /// <summary>Whether connection filters are all there is: nothing stands behind them.</summary>
    public bool SpeaksNothing => !SpeaksHttp1 && !SpeaksHttp2;

    /// <summary>What Kestrel's engine keeps HTTP/2 clients to.</summary>
    public StreamLimits Streams { get; init; } = new();

    /// <summary>The connections that were accepted under this plan and may still be inside its filters.</summary>
    public ConnectionHold Hold { get; } = new();

    /// <summary>TLS handshakes under way, which ask the certificate sources; a connection whose handshake is over does not.</summary>
    public ConnectionHold Handshakes { get; } = new();

    /// <summary>Whether a component of this plan may be in use by a connection.</summary>
    public bool IsHeld => Handshakes.Count > 0 || (Hold.Count > 0 && HasFilters);
}

/// <summary>Counts connections.</summary>
internal sealed class ConnectionHold
{
    private int _count;

    public int Count => Volatile.Read(ref _count);

    public void Enter() => Interlocked.Increment(ref _count);

    public void Leave() => Interlocked.Decrement(ref _count);
}
