using System.Runtime.CompilerServices;

namespace FilterProxy.ContractSketches.Tunnel;

/// <summary>The agents connected now, as endpoints of a cluster.</summary>
[Component("sketch_tunnel")]
public sealed class TunnelEndpoints(ComponentContext context) : IEndpointSource
{
    private readonly AgentTable _agents = context.Shared<AgentTable>();

    public async IAsyncEnumerable<IReadOnlyList<DiscoveredEndpoint>> WatchAsync([EnumeratorCancellation] CancellationToken stop)
    {
        while (true)
        {
            var (endpoints, changed) = _agents.Look();
            yield return endpoints;
            await changed.WaitAsync(stop);
        }
    }
}
