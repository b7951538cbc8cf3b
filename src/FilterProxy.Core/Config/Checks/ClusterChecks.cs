using FilterProxy.Core.Config.Addresses;

namespace FilterProxy.Core.Config.Checks;

/// <summary>Checks of <c>clusters</c>.</summary>
internal static class ClusterChecks
{
    public static void Run(CheckContext context)
    {
        foreach (var (name, cluster) in context.Config.Clusters)
        {
            NameChecks.Check(context, nameof(context.Config.Clusters), "cluster", name);
            ConfigChecks.CheckDurations(context, cluster);
            ConfigChecks.CheckDurations(context, cluster.Pool);
            CheckPool(context, cluster.Pool);
            CheckProtocol(context, cluster);
            CheckEligibility(context, cluster);
            if (cluster.LoadBalancer.Off)
            {
                context.Refuse(cluster, nameof(cluster.LoadBalancer), "a load balancer cannot be off");
            }

            if (cluster.Connector is { Off: true })
            {
                context.Refuse(cluster, nameof(cluster.Connector), "a connector cannot be off", "leave it out to connect over TCP");
            }

            if (cluster.ProxyProtocol is not null)
            {
                CheckProxyProtocol(context, cluster);
            }

            if (cluster.Host.Length == 0 || !HttpText.IsValue(cluster.Host))
            {
                context.Refuse(cluster, nameof(cluster.Host), $"'{cluster.Host}' cannot be a Host", "'pass' sends the client's");
            }

            if (context.IsBound(cluster, nameof(cluster.Endpoints)) && cluster.Endpoints.Source is null)
            {
                CheckEndpoints(context, cluster);
            }
        }
    }

    private static void CheckEligibility(CheckContext context, ClusterConfig cluster)
    {
        if (cluster.SlowStart is { } slow)
        {
            ConfigChecks.CheckDurations(context, slow);
        }

        if (cluster.Subset is { } subset && context.IsBound(subset, nameof(subset.Labels)) && subset.Labels.Count == 0)
        {
            context.Refuse(subset, nameof(subset.Labels), "without a label there are no groups");
        }
    }

    private static void CheckProxyProtocol(CheckContext context, ClusterConfig cluster)
    {
        if (cluster.Connector is not null)
        {
            context.Refuse(cluster, nameof(cluster.ProxyProtocol), "the cluster's connector opens its connections and sends no PROXY protocol header");
        }

        if (cluster.Protocol != ClusterProtocol.Http1)
        {
            context.Refuse(cluster, nameof(cluster.ProxyProtocol), "a connection of HTTP/2 serves many clients, and the header tells one");
        }

        if (cluster.Pool.Min > 0)
        {
            context.Refuse(
                cluster.Pool, nameof(cluster.Pool.Min), "connections cannot be opened ahead of need with proxy_protocol: each is a client's own");
        }
    }

    private static void CheckEndpoints(CheckContext context, ClusterConfig cluster)
    {
        if (cluster.Endpoints.Static.Count == 0)
        {
            context.Refuse(cluster, nameof(cluster.Endpoints), "a cluster needs at least one endpoint");
        }

        var taken = new HashSet<string>(StringComparer.Ordinal);
        foreach (var endpoint in cluster.Endpoints.Static)
        {
            if (!EndpointAddress.TryParse(endpoint.Address, out var address, out var error))
            {
                context.Refuse(endpoint, nameof(endpoint.Address), error);
                continue;
            }

            if (!taken.Add(address.Name))
            {
                context.Refuse(endpoint, nameof(endpoint.Address), $"endpoint {address.Name} is here twice", "give one a weight instead");
            }

            if (address.Tls == false && cluster.Tls is not null)
            {
                context.Refuse(endpoint, nameof(endpoint.Address), "an http:// endpoint in a cluster with tls", "write the host and port alone, or https://");
            }
        }
    }

    private static void CheckProtocol(CheckContext context, ClusterConfig cluster)
    {
        ConfigChecks.CheckDurations(context, cluster.Http2);
        if (cluster.Http2.StreamWindow.Bytes is < 65_535 or > 16 << 20)
        {
            context.Refuse(cluster.Http2, nameof(cluster.Http2.StreamWindow), $"stream_window is {cluster.Http2.StreamWindow}", "64KiB to 16MiB");
        }

        if (cluster.Http2.PingInterval > TimeSpan.Zero && (cluster.Http2.PingInterval < TimeSpan.FromSeconds(1) || cluster.Http2.PingTimeout < TimeSpan.FromSeconds(1)))
        {
            context.Refuse(cluster.Http2, nameof(cluster.Http2.PingInterval), "pings and their timeout are a second apart at the least");
        }

        if (!context.IsBound(cluster, nameof(cluster.Endpoints)))
        {
            return;
        }

        var tls = cluster.Tls is not null || cluster.Endpoints.Static.Any(e => EndpointAddress.TryParse(e.Address, out var address, out _) && address.Tls == true);
        if (cluster.Protocol == ClusterProtocol.H2 && !tls && cluster.Connector is null)
        {
            context.Refuse(cluster, nameof(cluster.Protocol), "h2 is spoken over TLS, and no endpoint is https://", "write 'tls: {}', or 'protocol: h2c' for HTTP/2 in the clear");
        }

        if (cluster.Protocol == ClusterProtocol.H2c && tls)
        {
            context.Refuse(cluster, nameof(cluster.Protocol), "h2c is HTTP/2 in the clear, and this cluster speaks TLS", "write 'protocol: h2'");
        }
    }

    private static void CheckPool(CheckContext context, PoolConfig pool)
    {
        if (pool.Max > 0 && pool.Min > pool.Max && context.IsBound(pool, nameof(pool.Min)) && context.IsBound(pool, nameof(pool.Max)))
        {
            context.Refuse(pool, nameof(pool.Min), $"min ({pool.Min}) is larger than max ({pool.Max})");
        }
    }
}
