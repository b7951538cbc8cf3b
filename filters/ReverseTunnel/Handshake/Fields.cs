namespace FilterProxy.Filters.ReverseTunnel.Handshake;

/// <summary>Names of the handshake's header fields: Envoy's, and what this program adds.</summary>
internal static class Fields
{
    public const string EnvoyPrefix = "x-envoy-reverse-tunnel-";
    public const string Node = EnvoyPrefix + "node-id";
    public const string Cluster = EnvoyPrefix + "cluster-id";
    public const string Tenant = EnvoyPrefix + "tenant-id";
    public const string Server = EnvoyPrefix + "upstream-cluster-name";

    public const string OwnPrefix = "x-filterproxy-tunnel-";
    public const string Version = OwnPrefix + "version";
    public const string Capabilities = OwnPrefix + "capabilities";
    public const string Kind = OwnPrefix + "kind";
    public const string Session = OwnPrefix + "session";
    public const string Labels = OwnPrefix + "labels";
    public const string Service = OwnPrefix + "service";
    public const string Revision = OwnPrefix + "revision";
    public const string Visit = OwnPrefix + "visit";
    public const string PingInterval = OwnPrefix + "ping-interval-ms";
    public const string PingTimeout = OwnPrefix + "ping-timeout-ms";
    public const string MaxStreams = OwnPrefix + "max-streams";
    public const string Reason = OwnPrefix + "reason";

    /// <summary>What Upgrade names (RFC 9110 §7.8).</summary>
    public const string UpgradeProtocol = "reverse-tunnel";
}
