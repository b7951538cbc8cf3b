using FilterProxy.Filters.Streams;
using Microsoft.Extensions.Logging;

namespace FilterProxy.Filters.ReverseTunnel.Server;

/// <summary>
/// Sends each request, or connection, to the agent it is for: by an id that is a cluster of agents, whose nodes then take turns, or else a node. Where
/// nobody is of that id there is no endpoint, and nobody else's is taken.
/// </summary>
[Component("reverse_tunnel")]
public sealed class TunnelBalancer : ILoadBalancer
{
    private const int Longest = 512;
    private readonly TunnelTarget[] _targets;
    private readonly ILogger _logger;
    private readonly Occasion _complaints;

    /// <summary>Compiles the targets.</summary>
    /// <exception cref="ArgumentException">One of them cannot be understood.</exception>
    public TunnelBalancer(TunnelBalancerOptions options, ComponentContext context)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(context);
        _targets = [.. options.Targets.Select(target => new TunnelTarget(target))];
        (_logger, _complaints) = (context.Logger, new Occasion(context.Time));
    }

    /// <inheritdoc/>
    public IEndpointPicker Build(EndpointSet set, IEndpointPicker? previous)
    {
        ArgumentNullException.ThrowIfNull(set);
        return new Picker(this, set);
    }

    private void Complain(ReadOnlySpan<char> id)
    {
        if (_complaints.TryTake(out var skipped))
        {
            Log.NobodyThere(_logger, id.IsEmpty ? "(none)" : Identity.TunnelIdentity.Show(id.ToString()), skipped);
        }
    }

    private sealed class Picker : IEndpointPicker
    {
        private readonly TunnelBalancer _balancer;
        private readonly Dictionary<string, Group>.AlternateLookup<ReadOnlySpan<char>> _groups;

        public Picker(TunnelBalancer balancer, EndpointSet set)
        {
            _balancer = balancer;
            var groups = new Dictionary<string, Group>(StringComparer.Ordinal);
            foreach (var byCluster in set.Span.ToArray().GroupBy(endpoint => endpoint.Labels.GetValueOrDefault("cluster", "")))
            {
                groups[byCluster.Key] = new Group([.. byCluster]);
            }

            // A cluster's name is never a node's: who lets agents in sees to that. Were it one, the cluster would be meant.
            foreach (var endpoint in set.Span)
            {
                groups.TryAdd(endpoint.Name, new Group([endpoint]));
            }

            _groups = groups.GetAlternateLookup<ReadOnlySpan<char>>();
        }

        public bool IsBinding => true;

        public Endpoint? Pick(in PickContext context)
        {
            Span<char> id = stackalloc char[Longest];
            foreach (var target in _balancer._targets)
            {
                if (target.TryFind(context, id, out var length))
                {
                    id = id[..length];
                    if (_groups.TryGetValue(id, out var group))
                    {
                        return group.Pick(context);
                    }

                    _balancer.Complain(id);
                    return null;
                }
            }

            _balancer.Complain(default);
            return null;
        }
    }

    private sealed class Group(Endpoint[] endpoints)
    {
        private uint _next;

        public Endpoint? Pick(in PickContext context)
        {
            var start = endpoints.Length == 1 ? 0 : Interlocked.Increment(ref _next) - 1;
            for (uint i = 0; i < endpoints.Length; i++)
            {
                var endpoint = endpoints[(start + i) % (uint)endpoints.Length];
                if (!context.WasTried(endpoint))
                {
                    return endpoint;
                }
            }

            return null;
        }
    }
}
