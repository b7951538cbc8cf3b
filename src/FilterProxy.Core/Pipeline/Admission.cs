using FilterProxy.Core.Clusters;
using FilterProxy.Core.Telemetry;

namespace FilterProxy.Core.Pipeline;

/// <summary>
/// Whether a cluster takes a request now, and with which endpoint: a place among its requests, its breaker, an endpoint with room. What it does
/// not take goes where its fallback says, else it is told why.
/// </summary>
internal static class Admission
{
    /// <summary>The peer of an attempt, counted; null where there is none: <see cref="ProxyExchange.Rejection"/> says why, or there is a reply.</summary>
    public static ValueTask<UpstreamPeer?> AdmitAsync(ProxyExchange x)
    {
        if (x.Cluster is not ProxyCluster cluster)
        {
            return new(x.Hold(x.Cluster?.Pick(x.PickContext)));
        }

        if (x.Entered != cluster)
        {
            x.Leave();
            if (!cluster.Guard.Requests.TryEnter())
            {
                return WaitAsync(x, cluster);
            }

            x.Entered = cluster;
        }

        return Choose(x, cluster) is { } peer ? new(peer) : FallBackAsync(x, cluster);
    }

    private static async ValueTask<UpstreamPeer?> WaitAsync(ProxyExchange x, ProxyCluster cluster)
    {
        var limit = await cluster.Guard.Requests.EnterAsync(x.Aborted);
        await Hop.BackTo(x.Loop);
        if (limit == Limit.None)
        {
            x.Entered = cluster;
            return Choose(x, cluster) ?? await FallBackAsync(x, cluster);
        }

        if (x.BreakError is { } broken)
        {
            x.Rejection = broken;
            return null;
        }

        Reject(x, cluster, limit);
        return await FallBackAsync(x, cluster);
    }

    private static UpstreamPeer? Choose(ProxyExchange x, ProxyCluster cluster)
    {
        var guard = cluster.Guard;
        if (guard.Breaker is { } breaker && !breaker.TryPass())
        {
            x.Rejection = ProxyError.Upstream(ProxyErrorKind.CircuitOpen);
            x.Services.Limits.Reached(Limit.CircuitBreaker);
            Complain(x, cluster);
            return null;
        }

        var endpoint = cluster.Take(x.PickContext, out var isFull);
        if (endpoint is null && x.PolicyRetries > 0 && x.Tried.Count > 0)
        {
            // All have been tried: what the policy asks for is another attempt, wherever that is.
            x.Tried.Clear();
            endpoint = cluster.Take(x.PickContext, out isFull);
        }

        if (endpoint is not null)
        {
            x.HeldEndpoint = endpoint;
            return endpoint.Peer;
        }

        if (isFull)
        {
            Reject(x, cluster, Limit.EndpointRequests);
        }

        return null;
    }

    private static ValueTask<UpstreamPeer?> FallBackAsync(ProxyExchange x, ProxyCluster cluster)
    {
        if (cluster.Guard.Fallback is not { } fallback || x.Fallbacks++ >= ClusterFallback.Most)
        {
            return default;
        }

        if (fallback.Cluster is null)
        {
            x.Reply(fallback.Status, LocalReplies.ReasonOf(x.NoPeer), fallback.Body, fallback.ContentType);
            x.Stats.Flags |= LocalReplies.FlagOf(x.NoPeer.Kind);
            return default;
        }

        x.TryGetCluster(fallback.Cluster, out var other);
        x.Cluster = other;
        x.Tried.Clear();
        return AdmitAsync(x);
    }

    private static void Reject(ProxyExchange x, ProxyCluster cluster, Limit limit)
    {
        x.Rejection = ProxyError.Upstream(ProxyErrorKind.Overloaded, detail: Limits.DetailOf(limit));
        x.Services.Limits.Reached(limit);
        Complain(x, cluster);
    }

    private static void Complain(ProxyExchange x, ProxyCluster cluster) =>
        cluster.Guard.Complain(cluster.Name, LocalReplies.ReasonOf(x.Rejection), x.Heartbeat.Now);
}
