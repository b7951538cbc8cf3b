using System.Runtime.CompilerServices;

namespace FilterProxy.Filters.ReverseTunnel.Server;

/// <summary>The agents that are connected and not about to leave, as endpoints: one for each node.</summary>
[Component("reverse_tunnel")]
public sealed class TunnelEndpoints : IEndpointSource
{
    // Agents that come or go together are one change.
    private static readonly TimeSpan Gather = TimeSpan.FromMilliseconds(10);
    private readonly TunnelEndpointsOptions _options;
    private readonly AgentTable _table;
    private readonly TimeProvider _time;

    /// <summary>Finds the agents.</summary>
    public TunnelEndpoints(TunnelEndpointsOptions options, ComponentContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        (_options, _table, _time) = (options, context.Shared<AgentTable>(), context.Time);
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<IReadOnlyList<DiscoveredEndpoint>> WatchAsync([EnumeratorCancellation] CancellationToken stop)
    {
        IReadOnlyList<DiscoveredEndpoint>? last = null;
        while (true)
        {
            // Asked for before the agents are looked at, so that no change comes between.
            var changed = _table.Changed;
            var now = Connected();
            if (last is null || !now.SequenceEqual(last))
            {
                yield return last = now;
            }

            await changed.WaitAsync(stop);
            await Task.Delay(Gather, _time, stop);
        }
    }

    private List<DiscoveredEndpoint> Connected() =>
    [
        .. _table.All
            .Where(agent => agent.TakesStreams && agent.Id.Tenant == _options.Tenant && (_options.Cluster is null || agent.Hello.Identity.Cluster == _options.Cluster))
            .OrderBy(agent => agent.Id.Node, StringComparer.Ordinal)
            .Select(agent => new DiscoveredEndpoint(agent.Id.Node, new AgentEndPoint(agent.Id)) { Labels = agent.Labels }),
    ];
}
