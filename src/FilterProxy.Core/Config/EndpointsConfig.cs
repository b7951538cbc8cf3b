using FilterProxy.Core.Config.Schema;

namespace FilterProxy.Core.Config;

/// <summary>A cluster's endpoints, written as a list, or as one source by name: <c>static: […]</c>, <c>dns: {…}</c>.</summary>
internal sealed record EndpointsConfig
{
    /// <summary>Endpoints written down; empty when there is a source.</summary>
    public IReadOnlyList<EndpointConfig> Static { get; init; } = [];

    /// <summary>The endpoint source; null when the endpoints are written down.</summary>
    [ComponentKind(typeof(IEndpointSource))]
    public ComponentConfig? Source { get; init; }
}
