using FilterProxy.Core.Http1;
using FilterProxy.Core.Telemetry.Metrics;
using FilterProxy.Core.Upstream;

namespace FilterProxy.Core.Pipeline;

/// <summary>What holds for HTTP on one listener.</summary>
internal sealed record ListenerRules
{
    public required string Name { get; init; }

    public HeadLimits RequestHead { get; init; } = HeadLimits.Default;

    /// <summary>Limits of upstream response heads.</summary>
    public HeadLimits ResponseHead { get; init; } = new(MaxHeadBytes: 64 * 1024, MaxHeaderBytes: 32 * 1024, MaxHeaderCount: 200);

    /// <summary>Most bytes of a request body.</summary>
    public long MaxRequestBody { get; init; } = 128L << 20;

    /// <summary>Milliseconds for a whole head, from its first byte.</summary>
    public long HeaderTimeout { get; init; } = 15_000;

    /// <summary>Milliseconds a connection may wait for its next request.</summary>
    public long IdleTimeout { get; init; } = 75_000;

    /// <summary>Milliseconds between two reads of a request body.</summary>
    public long BodyTimeout { get; init; } = 60_000;

    /// <summary>Milliseconds a write to the client may stand still.</summary>
    public long WriteTimeout { get; init; } = 60_000;

    /// <summary>Milliseconds an upgraded connection may be silent.</summary>
    public long UpgradeIdleTimeout { get; init; } = 600_000;

    /// <summary>Milliseconds of an upgraded connection at the most; 0 for no limit.</summary>
    public long UpgradeDuration { get; init; }

    /// <summary>Milliseconds a connection may serve requests; 0 for no limit.</summary>
    public long ConnectionDuration { get; init; } = 3_600_000;

    /// <summary>Bytes per second of a request body at the least; 0 for no limit.</summary>
    public long RequestBodyRate { get; init; } = 240;

    /// <summary>Bytes per second of a response that a client must take at the least; 0 for no limit.</summary>
    public long ResponseBodyRate { get; init; } = 240;

    /// <summary>Milliseconds before the rates hold.</summary>
    public long RateGrace { get; init; } = 10_000;

    /// <summary>Most connections at once; 0 for no limit.</summary>
    public int MaxConnections { get; init; } = 10_000;

    /// <summary>Most connections at once on all listeners together before this one takes no more; 0 for no limit.</summary>
    public int MaxConnectionsInAll { get; init; } = 20_000;

    /// <summary>Most connections of one client at once; 0 for no limit.</summary>
    public int MaxConnectionsPerClient { get; init; }

    /// <summary>Most requests on one connection; 0 for no limit.</summary>
    public int MaxRequestsPerConnection { get; init; }

    /// <summary>Counts the exchanges under way; found by the first of them.</summary>
    public Cells? Active { get; set; }

    public ForwardingRules Forwarding { get; init; } = ForwardingRules.Default;

    /// <summary>
    /// The same for connections that were dialled: whoever made them knows how long they are kept, and that he takes a response slowly says
    /// nothing of him but of his client.
    /// </summary>
    public ListenerRules ForSource() => this with { ConnectionDuration = 0, MaxRequestsPerConnection = 0, ResponseBodyRate = 0 };
}
