using System.Collections.Concurrent;
using FilterProxy.TestKit;

namespace FilterProxy.Filters.Tests.Resp;

/// <summary>A cluster as the engine makes it, for what connects through one without being a filter.</summary>
internal sealed class ClusterProbe : IAsyncDisposable
{
    private readonly TestProxy _proxy;

    private ClusterProbe(TestProxy proxy, Cluster cluster) => (_proxy, Cluster) = (proxy, cluster);

    public Cluster Cluster { get; }

    /// <param name="cluster">The cluster's configuration as flow YAML.</param>
    public static async Task<ClusterProbe> StartAsync(string cluster)
    {
        var id = Guid.NewGuid().ToString("n");
        var proxy = await TestProxy.StartAsync(
            $$"""
            http: { route_filters: [ { cluster_probe: { id: {{id}} } } ] }
            routes: [ { name: all, respond: { status: 200 } } ]
            clusters: { redis: {{cluster}} }
            """,
            TestTransport.Sockets,
            typeof(ClusterProbeFilter));
        return new ClusterProbe(proxy, ClusterProbeFilter.Found[id]);
    }

    /// <summary>A cluster of servers on this machine.</summary>
    public static Task<ClusterProbe> StartAsync(params int[] ports) =>
        StartAsync($"{{ endpoints: [{string.Join(", ", ports.Select(port => $"\"127.0.0.1:{port}\""))}] }}");

    public ValueTask DisposeAsync() => _proxy.DisposeAsync();
}

/// <summary>Options of <see cref="ClusterProbeFilter"/>.</summary>
public sealed record ClusterProbeOptions
{
    public string Id { get; init; } = "";
}

/// <summary>Hands the cluster out.</summary>
[Component("cluster_probe")]
public sealed class ClusterProbeFilter : IRequestFilter
{
    public ClusterProbeFilter(ClusterProbeOptions options, ComponentContext context)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(context);
        Found[options.Id] = context.GetCluster("redis");
    }

    internal static ConcurrentDictionary<string, Cluster> Found { get; } = new();

    public ValueTask<FilterStatus> OnRequestAsync(HttpExchange exchange) => new(FilterStatus.Continue);
}
