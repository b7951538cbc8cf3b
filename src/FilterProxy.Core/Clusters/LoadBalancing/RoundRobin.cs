namespace FilterProxy.Core.Clusters.LoadBalancing;

/// <summary>Each endpoint in turn, as often as its weight says; the default.</summary>
[Component("round_robin")]
internal sealed class RoundRobin : ILoadBalancer
{
    public IEndpointPicker Build(EndpointSet set, IEndpointPicker? previous) => new Picker(set);

    private sealed class Picker : IEndpointPicker
    {
        private readonly Endpoint[] _turns;
        private uint _next;

        public Picker(EndpointSet set)
        {
            // A turn per unit of weight, reduced by the greatest common divisor and spread evenly.
            var divisor = 0;
            foreach (var endpoint in set.Span)
            {
                divisor = Gcd(divisor, endpoint.Weight);
            }

            _turns = divisor == 0 ? [] : Spread(set, divisor);
        }

        public Endpoint? Pick(in PickContext context)
        {
            if (_turns.Length == 0)
            {
                return null;
            }

            // Another attempt takes the place its request has already moved on to: were it to take a turn, two endpoints and retries
            // would keep step and every request would begin at the same one, maybe the one that is down.
            var start = context.Tried is { Count: > 0 } ? Volatile.Read(ref _next) : Interlocked.Increment(ref _next) - 1;
            Endpoint? unhealthy = null;
            for (uint i = 0; i < _turns.Length; i++)
            {
                var endpoint = _turns[(start + i) % (uint)_turns.Length];
                if (context.WasTried(endpoint))
                {
                    continue;
                }

                if (endpoint.IsHealthy)
                {
                    return endpoint;
                }

                unhealthy ??= endpoint;
            }

            return unhealthy;
        }

        private static Endpoint[] Spread(EndpointSet set, int divisor)
        {
            var turns = new List<(double Place, int Order, Endpoint Endpoint)>();
            for (var i = 0; i < set.Count; i++)
            {
                var shares = set[i].Weight / divisor;
                for (var k = 0; k < shares; k++)
                {
                    turns.Add(((k + 0.5) / shares, i, set[i]));
                }
            }

            turns.Sort(static (a, b) => (a.Place, a.Order).CompareTo((b.Place, b.Order)));
            return [.. turns.Select(t => t.Endpoint)];
        }

        private static int Gcd(int a, int b) => b == 0 ? a : Gcd(b, a % b);
    }
}
