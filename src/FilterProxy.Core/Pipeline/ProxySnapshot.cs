using FilterProxy.Core.Clusters;
using FilterProxy.Core.Routing;
using FilterProxy.Core.Telemetry.Tracing;

namespace FilterProxy.Core.Pipeline;

/// <summary>One compiled configuration. Immutable; an exchange keeps the one it began under to its end.</summary>
internal sealed class ProxySnapshot
{
    /// <summary>Counts the configurations of this process, from 1.</summary>
    public required long Version { get; init; }

    /// <summary>The filters before routing: only their request phase is run from here.</summary>
    public required FilterChain Global { get; init; }

    /// <summary>The chain of exchanges that match no route: the global filters and the default ones of every route.</summary>
    public required FilterChain Fallback { get; init; }

    public required RouteTable<Route> Routes { get; init; }

    public required IReadOnlyDictionary<string, ProxyCluster> Clusters { get; init; }

    public required IReadOnlyDictionary<string, ListenerRules> Listeners { get; init; }

    public PathRules Paths { get; init; } = PathRules.Default;

    /// <summary>Whether CONNECT is allowed to reach routes.</summary>
    public bool AllowConnect { get; init; }

    /// <summary>How exchanges are traced; null for not at all.</summary>
    public TracingRules? Tracing { get; init; }

    /// <summary>Who may have single exchanges debugged; null for nobody.</summary>
    public DebugRules? Debug { get; init; }

    /// <summary>Whether an exchange may be traced or debugged.</summary>
    public bool IsWatched => Tracing is not null || Debug is not null;

    /// <summary>The Server field of every response; empty to pass the upstream's on.</summary>
    public byte[] ServerHeader { get; init; } = [];

    /// <summary>The field of local replies that says why.</summary>
    public ReasonFields Reasons { get; init; } = new([]);
}
