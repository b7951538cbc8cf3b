using FilterProxy.Core.Pipeline;
using FilterProxy.Core.Transport;

namespace FilterProxy.Core;

/// <summary>
/// Forgets the series of routes and endpoints that no configuration in use has had for a while: where endpoints come and go, their
/// number would grow for as long as the process lives. Until then whoever collects can still fetch their last values.
/// </summary>
internal sealed class MetricsSweep(ExchangeMetrics metrics, RetiredConfigs configs) : IHeartbeatTarget
{
    public const long Keep = 600_000;
    private const long Interval = 30_000;
    private long _next;
    private int _sweeping;

    public void OnHeartbeat(long now)
    {
        if (now >= _next && Interlocked.Exchange(ref _sweeping, 1) == 0)
        {
            _next = now + Interval;
            ThreadPool.UnsafeQueueUserWorkItem(static state => state.Self.Sweep(state.Now), (Self: this, Now: now), preferLocal: false);
        }
    }

    private void Sweep(long now)
    {
        try
        {
            var routes = new HashSet<string>(StringComparer.Ordinal) { "-" };
            var endpoints = new HashSet<(string, string)>();
            foreach (var config in configs.InUse)
            {
                routes.UnionWith(config.Config.Routes.Select(route => route.Name));
                foreach (var cluster in config.Snapshot.Clusters.Values)
                {
                    foreach (var endpoint in cluster.Known.Span)
                    {
                        endpoints.Add((cluster.Name, endpoint.Name));
                    }

                    endpoints.UnionWith(cluster.Leaving.Select(endpoint => (cluster.Name, endpoint.Name)));
                }
            }

            metrics.Requests.Sweep(routes.Contains, now, Keep);
            metrics.Attempts.Sweep((cluster, endpoint) => endpoints.Contains((cluster, endpoint)), now, Keep);
        }
        finally
        {
            Volatile.Write(ref _sweeping, 0);
        }
    }
}
