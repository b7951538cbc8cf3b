using FilterProxy.Filters.Streams;

namespace FilterProxy.Filters.TcpRelay;

/// <summary>A rule as it runs.</summary>
/// <param name="Match">Which connections.</param>
/// <param name="Cluster">Where they go; null for what the action says.</param>
/// <param name="Action">What becomes of them without a cluster.</param>
internal sealed record RelayRule(ConnectionMatch Match, Cluster? Cluster, RelayFallback Action);
