using FilterProxy.Core.Clusters;
using FilterProxy.Core.Overload;
using FilterProxy.Core.Telemetry;
using FilterProxy.Core.Transport;

namespace FilterProxy.Core.Pipeline;

/// <summary>What lives as long as the process and every exchange needs.</summary>
internal sealed class ProxyServices(Heartbeat heartbeat, Log log, TimeProvider time, int shelves = 1)
{
    private volatile bool _draining;

    public Heartbeat Heartbeat { get; } = heartbeat;

    public Log Log { get; } = log;

    public TimeProvider Time { get; } = time;

    /// <summary>How many shelves a connection pool has: one per event loop, or one where completions hop anyway.</summary>
    public int Shelves { get; } = shelves;

    public ConnectionTable Connections { get; } = new();

    /// <summary>Connections accepted and not yet over, on all listeners and by client.</summary>
    public ConnectionCounts ConnectionCounts { get; } = new();

    /// <summary>Shows operators the exchanges that end.</summary>
    public ExchangeWatch Watch { get; } = new();

    /// <summary>What operators said about endpoints.</summary>
    public EndpointControls Endpoints { get; } = new();

    /// <summary>Counts what reached a limit.</summary>
    public LimitMetrics Limits { get; init; } = new(null);

    /// <summary>Whether there is too much to do for all to be let in.</summary>
    public LoadShedder Load { get; } = new(time);

    /// <summary>Counts the requests refused for that.</summary>
    public OverloadMetrics Overload { get; init; } = new(null);

    /// <summary>Counts what filters get wrong.</summary>
    public FilterMetrics Filters { get; init; } = new(null);

    /// <summary>Counts exchanges and attempts; null where nothing is counted.</summary>
    public ExchangeMetrics? Metrics { get; init; }

    /// <summary>Counts TLS handshakes with clients.</summary>
    public TlsMetrics Tls { get; init; } = new(null);

    /// <summary>Counts what is refused of HTTP/2 clients below the exchange.</summary>
    public Http2Metrics Http2 { get; init; } = new(null);

    /// <summary>Counts what sources of endpoints told that was not taken.</summary>
    public DiscoveryMetrics Discovery { get; init; } = new(null);

    /// <summary>Whether the process is stopping: connections end after their current exchange.</summary>
    public bool IsDraining => _draining;

    public void BeginDrain()
    {
        _draining = true;
        Connections.Drain();
    }
}
