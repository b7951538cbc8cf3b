using FilterProxy.Core.Clusters;
using FilterProxy.Core.Clusters.Health;
using FilterProxy.Core.Clusters.Http2;
using FilterProxy.Core.Config.Explain;
using FilterProxy.Core.Transport;

namespace FilterProxy.Host.Admin.Views;

/// <summary>An endpoint as it is now.</summary>
internal sealed record EndpointView
{
    public required string Name { get; init; }

    public required int Weight { get; init; }

    public required int Priority { get; init; }

    public required IReadOnlyDictionary<string, string> Labels { get; init; }

    /// <summary><c>active</c>, <c>draining</c> or <c>maintenance</c>: what an operator said.</summary>
    public required string State { get; init; }

    /// <summary>Whether it may take requests as far as its health goes.</summary>
    public required bool Healthy { get; init; }

    /// <summary>Why it takes requests, or does not.</summary>
    public required string Why { get; init; }

    /// <summary>Exchanges and relays on it now.</summary>
    public required int InFlight { get; init; }

    /// <summary>The connections to it, per way of speaking to it that was used.</summary>
    public required IReadOnlyList<PoolView> Pools { get; init; }

    public static EndpointView Of(ProxyCluster cluster, Endpoint endpoint)
    {
        var control = cluster.Controls.Of(cluster.Name, endpoint.Name);
        return new EndpointView
        {
            Name = endpoint.Name,
            Weight = endpoint.Weight,
            Priority = endpoint.Priority,
            Labels = endpoint.Labels.ToDictionary(label => label.Key, label => SecretRules.IsNamedLikeSecret(label.Key) ? SecretRules.Mask : label.Value),
            State = control.Mode.ToString().ToLowerInvariant(),
            Healthy = endpoint.IsHealthy,
            Why = WhyOf(cluster, endpoint, control),
            InFlight = endpoint.InFlight,
            Pools = [.. cluster.Pools.Where(pool => ReferenceEquals(pool.Key.Endpoint, endpoint)).Select(pool => PoolView.Of(pool.Value)).OfType<PoolView>()],
        };
    }

    private static string WhyOf(ProxyCluster cluster, Endpoint endpoint, EndpointControl control)
    {
        var reasons = new List<string>();
        if (control.Mode != EndpointMode.Active)
        {
            reasons.Add(control.Mode == EndpointMode.Draining
                ? cluster.Affinity is { Hash: null } ? "an operator drains it: only clients that belong to it by affinity" : "an operator drains it: no new requests"
                : "an operator has it in maintenance: no requests");
        }

        reasons.Add(control.Health switch
        {
            true => "an operator says it is up",
            false => "an operator says it is down",
            null => ClusterHealth.Of(endpoint).Describe(),
        });
        if (endpoint.Weight == 0)
        {
            reasons.Add("weight 0");
        }

        if (control.Weight is not null)
        {
            reasons.Add("an operator gave it this weight");
        }

        return string.Join("; ", reasons);
    }
}

/// <summary>The connections to an endpoint that are spoken on in one way.</summary>
/// <param name="Protocol"><c>http1</c> or <c>http2</c>.</param>
/// <param name="Open">Connections open now.</param>
/// <param name="Idle">Of these without an exchange; null where exchanges share connections.</param>
internal sealed record PoolView(string Protocol, int Open, int? Idle)
{
    public static PoolView? Of(object pool) => pool switch
    {
        ConnectionPool http1 => new PoolView("http1", http1.Open, http1.Idle),
        HttpPool http2 => new PoolView("http2", http2.Open, null),

        // Its connections are in the other two.
        _ => null,
    };
}
