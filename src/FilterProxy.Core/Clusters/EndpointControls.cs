using System.Collections.Immutable;

namespace FilterProxy.Core.Clusters;

/// <summary>Whether an operator lets an endpoint take requests.</summary>
internal enum EndpointMode : byte
{
    /// <summary>It does.</summary>
    Active,

    /// <summary>It gets no new clients, keeps those that belong to it by affinity, and finishes what it has.</summary>
    Draining,

    /// <summary>It gets nothing at all and finishes what it has. It is down on purpose: nobody looks at its health.</summary>
    Maintenance,
}

/// <summary>What an operator said about one endpoint. The default says nothing.</summary>
internal sealed record EndpointControl
{
    public EndpointMode Mode { get; init; }

    /// <summary>Instead of the configured weight or the source's; null for that.</summary>
    public int? Weight { get; init; }

    /// <summary>Instead of what health checks find; null for that.</summary>
    public bool? Health { get; init; }

    public bool IsEmpty => Mode == EndpointMode.Active && Weight is null && Health is null;
}

/// <summary>
/// What operators said about endpoints while the process runs. Kept by the names of cluster and endpoint, so that it survives a
/// reload and an endpoint that comes and goes; forgotten with the process.
/// </summary>
internal sealed class EndpointControls
{
    private readonly Lock _lock = new();
    private volatile ImmutableDictionary<(string Cluster, string Endpoint), EndpointControl> _all =
        ImmutableDictionary<(string Cluster, string Endpoint), EndpointControl>.Empty;

    /// <summary>Another object after each change.</summary>
    public object Version => _all;

    /// <summary>Everything said, by cluster and endpoint.</summary>
    public IReadOnlyDictionary<(string Cluster, string Endpoint), EndpointControl> All => _all;

    public EndpointControl Of(string cluster, string endpoint) => _all.GetValueOrDefault((cluster, endpoint)) ?? new EndpointControl();

    /// <summary>Says something else about an endpoint; the cluster has to be told (<see cref="ProxyCluster.TakeControls"/>).</summary>
    public EndpointControl Change(string cluster, string endpoint, Func<EndpointControl, EndpointControl> change)
    {
        lock (_lock)
        {
            var changed = change(Of(cluster, endpoint));
            _all = changed.IsEmpty ? _all.Remove((cluster, endpoint)) : _all.SetItem((cluster, endpoint), changed);
            return changed;
        }
    }

    /// <summary>
    /// The endpoints of a set that take new clients, with the weights and the health they were given: what every load balancer works on.
    /// </summary>
    /// <param name="cluster">Whose endpoints they are.</param>
    /// <param name="known">All of them.</param>
    /// <param name="discovered">The same, with their own weights.</param>
    /// <param name="now">Heartbeat milliseconds: who is let in again begins as slowly as a new one.</param>
    public EndpointSet Apply(string cluster, EndpointSet known, IReadOnlyList<DiscoveredEndpoint> discovered, long now)
    {
        var all = _all;
        var active = new List<Endpoint>(known.Count);
        for (var i = 0; i < known.Count; i++)
        {
            var endpoint = known[i];
            var control = all.GetValueOrDefault((cluster, endpoint.Name));
            endpoint.HealthOverride = control?.Health;
            endpoint.Weight = control?.Weight ?? discovered[i].Weight;
            var wasOut = endpoint.IsDraining || endpoint.IsInMaintenance;
            endpoint.IsDraining = control is { Mode: EndpointMode.Draining };
            endpoint.IsInMaintenance = control is { Mode: EndpointMode.Maintenance };
            if (control is null or { Mode: EndpointMode.Active })
            {
                EndpointState.Of(endpoint).ServingSince = wasOut ? now : EndpointState.Of(endpoint).ServingSince;
                active.Add(endpoint);
            }
        }

        return active.Count == known.Count ? known : new EndpointSet([.. active]);
    }
}
