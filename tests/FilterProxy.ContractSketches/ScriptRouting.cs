using System.Text;

namespace FilterProxy.ContractSketches;

/// <summary>What a script says of a request: the name of a cluster, and optionally of an endpoint label to prefer.</summary>
public delegate (string? Cluster, string? Zone) RoutingScript(string method, string path, Func<string, string?> header);

/// <summary>
/// Chooses cluster and endpoint by a script. The script here is compiled in; one in another language sees the same facade and
/// runs with the event loop left, because nobody knows how long it takes.
/// </summary>
[Component("sketch_script", Blocking = true)]
public sealed class ScriptRouting(ComponentContext context) : IRequestFilter, IUpstreamPeerFilter
{
    private readonly Slot<string> _zone = context.CreateSlot<string>("zone");
    private readonly RoutingScript _script = static (method, path, header) => path.StartsWith("/beta", StringComparison.Ordinal)
        ? ("beta", null)
        : (header("x-cluster"), header("x-zone"));

    public ValueTask<FilterStatus> OnRequestAsync(HttpExchange exchange)
    {
        var request = exchange.Request;
        var (name, zone) = _script(request.MethodText, request.PathText, header => request.Headers[header]);
        exchange.Set(_zone, zone);
        if (name is null)
        {
            return new(FilterStatus.Continue);
        }

        if (!exchange.TryGetCluster(name, out var cluster))
        {
            exchange.Reply(500, "script_unknown_cluster", Encoding.UTF8.GetBytes($"The script chose '{name}', which is no cluster.\n"), "text/plain");
            return new(FilterStatus.Stop);
        }

        exchange.Cluster = cluster;
        return new(FilterStatus.Continue);
    }

    public ValueTask<UpstreamPeer?> SelectPeerAsync(HttpExchange exchange)
    {
        // The first attempt goes where the script wants; later ones anywhere.
        if (exchange.Get(_zone) is { } zone && exchange.Attempt == 1)
        {
            foreach (var endpoint in exchange.Cluster!.Endpoints.Span)
            {
                if (endpoint.IsHealthy && endpoint.Labels.GetValueOrDefault("zone") == zone)
                {
                    return new(endpoint.Peer);
                }
            }
        }

        return new((UpstreamPeer?)null);
    }
}
