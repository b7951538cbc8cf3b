using FilterProxy.Core.Clusters;
using FilterProxy.Core.Components;

namespace FilterProxy.Core.Config;

/// <summary>A cluster with everything it was made of but its endpoints, which may change without it.</summary>
/// <param name="Cluster">The cluster; the previous configuration's where nothing else changed.</param>
/// <param name="Config">As written.</param>
/// <param name="Balancer">Its load balancer.</param>
/// <param name="Connector">Its connector; null for the engine's own.</param>
/// <param name="TlsFiles">The files of its certificates: those it trusts, and its own with the key.</param>
/// <param name="SpeaksTls">Whether it speaks TLS, which an endpoint's address may say.</param>
internal sealed record CompiledCluster(
    ProxyCluster Cluster, ClusterConfig Config, object? Balancer, object? Connector, IReadOnlyList<FileStamp> TlsFiles, bool SpeaksTls)
{
    /// <summary>The endpoints written down, in force from activation on; null when a source tells them.</summary>
    public IReadOnlyList<DiscoveredEndpoint>? Endpoints { get; init; }

    /// <summary>The component that tells the endpoints; null when they are written down.</summary>
    public IEndpointSource? Source { get; init; }

    /// <summary>Follows the source.</summary>
    public EndpointWatcher? Watcher { get; init; }

    /// <summary>What probes its endpoints; null for nobody.</summary>
    public object? HealthCheck { get; init; }

    /// <summary>Whether the cluster would come out the same, endpoints aside.</summary>
    public bool IsSame(ClusterConfig config, object? balancer, object? connector, IReadOnlyList<FileStamp> tlsFiles, bool speaksTls) =>
        config with { Endpoints = Config.Endpoints } == Config
        && ReferenceEquals(balancer, Balancer) && ReferenceEquals(connector, Connector) && tlsFiles.SequenceEqual(TlsFiles) && speaksTls == SpeaksTls;
}
