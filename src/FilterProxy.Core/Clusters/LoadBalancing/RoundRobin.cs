namespace FilterProxy.Core.Clusters.LoadBalancing;

/// <summary>Each endpoint in turn, as often as its weight says. Constant time, from a table of turns.</summary>
[Component("round_robin")]
internal sealed class RoundRobin : ILoadBalancer
{
    // Of weights without a common divisor the table would have a turn for every unit.
    private const int MostTurns = 1 << 16;

    public IEndpointPicker Build(EndpointSet set, IEndpointPicker? previous) => new Picker(set, previous as Picker);

    private sealed class Picker : IEndpointPicker
    {
        private readonly Endpoint[] _turns;
        private uint _next;

        public Picker(EndpointSet set, Picker? previous)
        {
            // A turn per unit of weight, reduced by the greatest common divisor and spread evenly.
            var divisor = 0;
            var total = 0L;
            for (var i = 0; i < set.Count; i++)
            {
                divisor = Gcd(divisor, set.WeightOf(i));
                total += set.WeightOf(i);
            }

            _next = previous?._next ?? 0;
            _turns = divisor == 0 ? [] : Spread(set, Math.Max(divisor, total / (double)Math.Max(MostTurns, set.Count)));
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
            for (uint i = 0; i < _turns.Length; i++)
            {
                var endpoint = _turns[(start + i) % (uint)_turns.Length];
                if (!context.WasTried(endpoint))
                {
                    return endpoint;
                }
            }

            return null;
        }

        private static Endpoint[] Spread(EndpointSet set, double unit)
        {
            var turns = new List<(double Place, int Order, Endpoint Endpoint)>();
            for (var i = 0; i < set.Count; i++)
            {
                var weight = set.WeightOf(i);
                var shares = weight == 0 ? 0 : Math.Max(1, (int)Math.Round(weight / unit));
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
