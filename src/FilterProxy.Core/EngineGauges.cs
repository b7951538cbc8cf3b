using System.Reflection;
using System.Runtime.InteropServices;
using FilterProxy.Core.Clusters;
using FilterProxy.Core.Clusters.Http2;
using FilterProxy.Core.Telemetry.Metrics;
using FilterProxy.Core.Transport;

namespace FilterProxy.Core;

/// <summary>
/// What the engine looks up when its metrics are read and nobody counts meanwhile: connections and their pools, the configuration in
/// force, and what still holds replaced ones.
/// </summary>
internal sealed class EngineGauges
{
    private const string Idle = "idle", Busy = "active";
    private readonly Engine _engine;
    private readonly RetiredConfigs _retired;
    private readonly MetricsRegistry _registry;
    private readonly DateTimeOffset _started;

    public EngineGauges(Engine engine, RetiredConfigs retired, MetricsRegistry registry, TimeProvider time)
    {
        _engine = engine;
        _retired = retired;
        _registry = registry;
        _started = time.GetUtcNow();
        AddConnections();
        AddEndpoints();
        _ = new ClusterGauges(Clusters, registry);
        AddConfiguration();
        AddProcess(time);
    }

    private void AddConnections()
    {
        Add(new("filterproxy.downstream.connections", MetricKind.Gauge, "{connection}", "Connections of clients.", "listener"), into =>
        {
            foreach (var listener in _engine.Listeners)
            {
                into.Add(new Sample(new Labels(new KeyValuePair<string, object?>("listener", listener.Name)), listener.Entry.OpenConnections));
            }
        });
        Add(new("filterproxy.downstream.connections.accepted", MetricKind.Counter, "{connection}", "Connections of clients that were accepted and let in.", "listener"), into =>
        {
            foreach (var listener in _engine.Listeners)
            {
                into.Add(new Sample(new Labels(new KeyValuePair<string, object?>("listener", listener.Name)), listener.Entry.AcceptedConnections));
            }
        });
        Add(new("filterproxy.downstream.connections.draining", MetricKind.Gauge, "{connection}", "Connections of clients that outlive their listener or wait for the process to stop."), into =>
        {
            var open = _engine.Listeners.Sum(l => (long)l.Entry.OpenConnections);
            into.Add(new Sample(Labels.None, _engine.Services.IsDraining ? _engine.Services.ConnectionCounts.Total : Math.Max(0, _engine.Services.ConnectionCounts.Total - open)));
        });
    }

    private void AddEndpoints()
    {
        Add(new("http.client.active_requests", MetricKind.Gauge, "{request}", "Exchanges and relays on an endpoint.", "cluster", "endpoint"), into =>
            EachEndpoint((cluster, endpoint, labels) => into.Add(new Sample(labels, endpoint.InFlight))));
        Add(new("filterproxy.upstream.endpoint.healthy", MetricKind.Gauge, "", "Whether the health of an endpoint lets it take traffic: 1 or 0.", "cluster", "endpoint"), into =>
            EachEndpoint((cluster, endpoint, labels) => into.Add(new Sample(labels, endpoint.IsHealthy ? 1 : 0))));
        Add(new("filterproxy.upstream.endpoint.draining", MetricKind.Gauge, "{request}", "Exchanges and relays that still run on an endpoint that an operator has taken out, or that its cluster has no more.", "cluster", "endpoint"), into =>
        {
            // One that left and one that is to leave may have the same name.
            var held = Clusters().SelectMany(cluster => cluster.Leaving.Concat(cluster.Known.Span.ToArray().Where(e => e.IsDraining || e.IsInMaintenance)))
                .Where(endpoint => endpoint.Metrics is EndpointMetrics)
                .GroupBy(endpoint => (EndpointMetrics)endpoint.Metrics!, endpoint => endpoint.InFlight);
            into.AddRange(held.Select(endpoint => new Sample(endpoint.Key.Labels, endpoint.Sum())));
        });
        Add(new("http.client.open_connections", MetricKind.Gauge, "{connection}", "Connections to endpoints, by state: active or idle.", "cluster", "endpoint", "http.connection.state"), CollectPools);
        Add(new("filterproxy.upstream.connections.pending", MetricKind.Gauge, "{request}", "Exchanges that wait for a connection of a full pool.", "cluster", "endpoint"), into =>
            EachPool((peer, pool, labels) =>
            {
                if (pool is ConnectionPool { Pending: > 0 and var pending })
                {
                    into.Add(new Sample(labels, pending));
                }
            }));
    }

    private void AddConfiguration()
    {
        Add(new("filterproxy.config.version", MetricKind.Gauge, "", "Number of the configuration in force, from 1."), into =>
            into.Add(new Sample(Labels.None, _engine.Snapshot?.Version ?? 0)));
        Add(new("filterproxy.config.retired", MetricKind.Gauge, "{configuration}", "Replaced configurations that something still runs under."), into =>
            into.Add(new Sample(Labels.None, _retired.Count)));
        Add(new("filterproxy.config.retired.exchanges", MetricKind.Gauge, "{request}", "Exchanges that still run under a replaced configuration, by its version.", "version"), into =>
        {
            foreach (var (version, exchanges) in _retired.Holders())
            {
                into.Add(new Sample(new Labels(new KeyValuePair<string, object?>("version", version)), exchanges));
            }
        });
        Add(new("filterproxy.build.info", MetricKind.Gauge, "", "Always 1; what runs is in the labels.", "version", "runtime"), into =>
            into.Add(new Sample(
                new Labels(new("version", typeof(Engine).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "?"), new("runtime", RuntimeInformation.FrameworkDescription)),
                1)));
    }

    private void AddProcess(TimeProvider time)
    {
        Add(new("process.uptime", MetricKind.Gauge, "s", "How long the engine has run."), into =>
            into.Add(new Sample(Labels.None, (time.GetUtcNow() - _started).TotalSeconds)));
        Add(new("process.unix.file_descriptor.count", MetricKind.Gauge, "{file_descriptor}", "File descriptors the process has open."), into =>
        {
            if (Directory.Exists("/proc/self/fd"))
            {
                into.Add(new Sample(Labels.None, Directory.EnumerateFileSystemEntries("/proc/self/fd").Count()));
            }
        });
    }

    private void CollectPools(List<Sample> into)
    {
        // Several peers may share an endpoint: by TLS name, by group.
        var sums = new Dictionary<EndpointMetrics, (int Idle, int Open)>();
        EachPool((peer, pool, _) =>
        {
            var metrics = (EndpointMetrics)peer.Endpoint.Metrics!;
            var (idle, open) = sums.GetValueOrDefault(metrics);
            sums[metrics] = pool switch
            {
                ConnectionPool http1 => (idle + http1.Idle, open + http1.Open),
                HttpPool http2 => (idle, open + http2.Open),
                _ => (idle, open),
            };
        });
        foreach (var (metrics, (idle, open)) in sums)
        {
            into.Add(new Sample(StateOf(metrics, Busy), Math.Max(0, open - idle)));
            into.Add(new Sample(StateOf(metrics, Idle), idle));
        }
    }

    private static Labels StateOf(EndpointMetrics metrics, string state) =>
        new(new("cluster", metrics.Cluster), new("endpoint", metrics.Endpoint), new("http.connection.state", state));

    private void EachEndpoint(Action<ProxyCluster, Endpoint, Labels> each)
    {
        foreach (var cluster in Clusters())
        {
            foreach (var endpoint in cluster.Known.Span)
            {
                if (endpoint.Metrics is EndpointMetrics metrics)
                {
                    each(cluster, endpoint, metrics.Labels);
                }
            }
        }
    }

    private void EachPool(Action<UpstreamPeer, object, Labels> each)
    {
        foreach (var (peer, pool) in Clusters().SelectMany(c => c.Pools))
        {
            if (peer.Endpoint.Metrics is EndpointMetrics metrics)
            {
                each(peer, pool, metrics.Labels);
            }
        }
    }

    private IEnumerable<ProxyCluster> Clusters() => _engine.Snapshot?.Clusters.Values ?? [];

    private void Add(MetricInfo info, Action<List<Sample>> collect) => _registry.Add(info, collect);
}
