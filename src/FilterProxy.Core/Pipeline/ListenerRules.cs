using FilterProxy.Core.Http1;
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

    /// <summary>Most connections at once; 0 for no limit.</summary>
    public int MaxConnections { get; init; } = 10_000;

    /// <summary>Most requests on one connection; 0 for no limit.</summary>
    public int MaxRequestsPerConnection { get; init; }

    public ForwardingRules Forwarding { get; init; } = ForwardingRules.Default;
}
