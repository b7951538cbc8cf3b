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
            CheckSurvival(context, name, cluster);
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

    private static void CheckSurvival(CheckContext context, string name, ClusterConfig cluster)
    {
        foreach (var part in new object?[] { cluster.SlowStart, cluster.HealthCheck, cluster.OutlierDetection, cluster.Retry, cluster.Limits, cluster.CircuitBreaker }.OfType<object>())
        {
            ConfigChecks.CheckDurations(context, part);
        }

        if (cluster.Retry is { } retry)
        {
            CheckRetry(context, retry);
        }

        if (cluster.Affinity is { } affinity)
        {
            CheckAffinity(context, affinity);
        }

        if (cluster.Fallback is { } fallback)
        {
            CheckFallback(context, name, fallback);
        }

        if (cluster.Limits.Adaptive is { } adaptive && adaptive.Min > adaptive.Max)
        {
            context.Refuse(adaptive, nameof(adaptive.Min), $"min ({adaptive.Min}) is larger than max ({adaptive.Max})");
        }

        if (cluster.HealthCheck is { } health)
        {
            CheckHealth(context, health);
        }

        if (cluster.Subset is { } subset && context.IsBound(subset, nameof(subset.Labels)) && subset.Labels.Count == 0)
        {
            context.Refuse(subset, nameof(subset.Labels), "without a label there are no groups");
        }
    }

    /// <summary>The names in a retry policy, of a cluster or of a route.</summary>
    public static void CheckRetry(CheckContext context, RetryConfig retry)
    {
        foreach (var method in retry.Methods)
        {
            if (!HttpText.IsToken(method))
            {
                context.Refuse(retry, nameof(retry.Methods), $"'{method}' cannot be a method");
            }
        }

        foreach (var (name, value) in retry.Headers)
        {
            if (!HttpText.IsToken(name) || !HttpText.IsValue(value))
            {
                context.Refuse(retry, nameof(retry.Headers), $"'{name}: {value}' cannot be a header");
            }
        }

        if (retry.AttemptHeader.Length > 0 && !HttpText.IsToken(retry.AttemptHeader))
        {
            context.Refuse(retry, nameof(retry.AttemptHeader), $"'{retry.AttemptHeader}' cannot be the name of a header");
        }

        if (retry.Hedge is { } hedge)
        {
            ConfigChecks.CheckDurations(context, hedge);
            if (hedge.After <= TimeSpan.Zero && hedge.AfterPercentile <= 0 && context.IsBound(hedge, nameof(hedge.After)) && context.IsBound(hedge, nameof(hedge.AfterPercentile)))
            {
                context.RefuseWhole(hedge, "nobody says when a request is sent again", "write after_percentile: 95, or after: 100ms");
            }
        }

        if (retry.Buffer.Bytes > 64 << 20)
        {
            context.Refuse(retry, nameof(retry.Buffer), "at most 64MiB of a body are kept");
        }
    }

    private static void CheckAffinity(CheckContext context, AffinityConfig affinity)
    {
        ConfigChecks.CheckDurations(context, affinity);
        if ((affinity.Cookie is null ? 0 : 1) + (affinity.Header is null ? 0 : 1) + (affinity.Hash is null ? 0 : 1) != 1)
        {
            if (context.IsBound(affinity, nameof(affinity.Hash)))
            {
                context.RefuseWhole(affinity, "expected exactly one of cookie, header, hash");
            }
        }
        else if (affinity.Hash is null && !HttpText.IsToken(affinity.Cookie ?? affinity.Header!))
        {
            context.RefuseWhole(affinity, $"'{affinity.Cookie ?? affinity.Header}' cannot be the name of a {(affinity.Cookie is null ? "header" : "cookie")}");
        }

        if (!HttpText.IsValue(affinity.Path) || affinity.Path.Contains(';', StringComparison.Ordinal) || !affinity.Path.StartsWith('/'))
        {
            context.Refuse(affinity, nameof(affinity.Path), $"'{affinity.Path}' cannot be the path of a cookie");
        }

        if (affinity.Key is { Length: < 16 })
        {
            context.Refuse(affinity, nameof(affinity.Key), "a key has 16 characters at the least", "openssl rand -base64 32 makes one");
        }

        if (affinity is { SameSite: Clusters.Affinity.CookieSameSite.None, Secure: Clusters.Affinity.CookieSecure.Never })
        {
            context.Refuse(affinity, nameof(affinity.SameSite), "browsers take a cookie with same_site: none over TLS only");
        }
    }

    private static void CheckFallback(CheckContext context, string name, FallbackConfig fallback)
    {
        if (fallback.Cluster is null == fallback.Respond is null)
        {
            context.RefuseWhole(fallback, "expected exactly one of cluster, respond");
        }

        if (fallback.Cluster is { } other)
        {
            context.RequireKnown(context.Places.Locate(fallback, nameof(fallback.Cluster)), "cluster", other, context.Config.Clusters.Keys);
            if (other == name)
            {
                context.Refuse(fallback, nameof(fallback.Cluster), "a cluster cannot stand in for itself");
            }
        }
    }

    private static void CheckHealth(CheckContext context, ActiveHealthConfig health)
    {
        if (context.IsBound(health, nameof(health.Check)) && health.Check.Off)
        {
            context.Refuse(health, nameof(health.Check), "a health check cannot be off", "leave health_check out");
        }

        if (health.Interval < TimeSpan.FromMilliseconds(100))
        {
            context.Refuse(health, nameof(health.Interval), "probes are at least 100ms apart");
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
