using FilterProxy.Core.Config;

namespace FilterProxy.Host.Admin.Views;

/// <summary>A cluster and its endpoints as they are now.</summary>
internal sealed record ClusterView
{
    public required string Name { get; init; }

    /// <summary>How an endpoint is chosen.</summary>
    public required string LoadBalancer { get; init; }

    /// <summary>What is spoken to the endpoints: <c>http1</c>, <c>h2</c>, <c>h2c</c>, <c>auto</c>.</summary>
    public required string Protocol { get; init; }

    public required bool Tls { get; init; }

    /// <summary>What endpoints are learned from; null when they are written down.</summary>
    public string? Source { get; init; }

    /// <summary>Endpoints that take requests and are healthy.</summary>
    public required int Usable { get; init; }

    /// <summary>Requests under way, as the cluster's limits count them.</summary>
    public required int Requests { get; init; }

    /// <summary>Requests that wait for a place among them.</summary>
    public required int Pending { get; init; }

    /// <summary>Retries that a policy asked for, and hedges, among them.</summary>
    public required int Retries { get; init; }

    /// <summary>State of the circuit breaker: <c>closed</c>, <c>open</c> or <c>halfopen</c>; null where there is none.</summary>
    public string? Breaker { get; init; }

    public required IReadOnlyList<EndpointView> Endpoints { get; init; }

    /// <summary>What an operator said about endpoints that are not there now.</summary>
    public IReadOnlyList<string>? Absent { get; init; }

    public static IReadOnlyList<ClusterView> All(ProxyControl control) =>
        [.. (control.Engine.Current?.Clusters.Values ?? []).Select(Of)];

    public static ClusterView Of(CompiledCluster compiled)
    {
        var cluster = compiled.Cluster;
        var endpoints = new List<EndpointView>();
        foreach (var endpoint in cluster.Known.Span)
        {
            endpoints.Add(EndpointView.Of(cluster, endpoint));
        }

        var absent = cluster.Controls.All.Keys
            .Where(key => key.Cluster == cluster.Name && endpoints.All(endpoint => endpoint.Name != key.Endpoint))
            .Select(key => key.Endpoint).Order(StringComparer.Ordinal).ToList();
        return new ClusterView
        {
            Name = cluster.Name,
            LoadBalancer = compiled.Config.LoadBalancer.Key,
            Protocol = compiled.Config.Protocol.ToString().ToLowerInvariant(),
            Tls = compiled.SpeaksTls,
            Source = compiled.Config.Endpoints.Source?.Key,
            Usable = endpoints.Count(endpoint => endpoint.State == "active" && endpoint.Healthy && endpoint.Weight > 0),
            Requests = cluster.Guard.Requests.Active,
            Pending = cluster.Guard.Requests.Pending,
            Retries = cluster.Guard.Retries.Active,
            Breaker = cluster.Guard.Breaker?.State.ToString().ToLowerInvariant(),
            Endpoints = endpoints,
            Absent = absent.Count == 0 ? null : absent,
        };
    }
}
