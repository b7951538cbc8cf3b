namespace FilterProxy.Core.Clusters.LoadBalancing;

/// <summary>
/// Endpoints in turn, as often as their weights say and as evenly mixed as that goes, whatever the weights are: no table of turns, so
/// that weights may change all the time and be as uneven as they like. Time grows with the logarithm of the number of endpoints.
/// </summary>
/// <remarks>
/// The places of the picks on the line of all shares follow the golden ratio: every stretch of picks, short or long, is spread over the
/// line as evenly as it can be, so that an endpoint's picks are within two or three of its share at any time.
/// </remarks>
[Component("weighted_round_robin")]
internal sealed class WeightedRoundRobin : ILoadBalancer
{
    // 2^64 divided by the golden ratio.
    private const ulong Step = 0x9E3779B97F4A7C15;

    public IEndpointPicker Build(EndpointSet set, IEndpointPicker? previous) => new Picker(new Shares(set), previous as Picker);

    private sealed class Picker : IEndpointPicker
    {
        private readonly Shares _shares;
        private readonly ulong[] _ends;
        private ulong _turn;

        public Picker(Shares shares, Picker? previous)
        {
            _shares = shares;
            _ends = new ulong[shares.Count];
            _turn = previous?._turn ?? 0;
            var end = 0UL;
            for (var i = 0; i < _ends.Length; i++)
            {
                end += (ulong)shares.WeightOf(i);
                _ends[i] = end;
            }
        }

        public Endpoint? Pick(in PickContext context)
        {
            if (_ends.Length == 0)
            {
                return null;
            }

            var turn = Interlocked.Add(ref _turn, Step) - Step;
            var point = Math.BigMul(turn, _ends[^1], out _);
            var place = Array.BinarySearch(_ends, point + 1);
            place = place < 0 ? ~place : place;
            for (var i = 0; i < _ends.Length && context.Tried is not null; i++)
            {
                var at = (place + i) % _ends.Length;
                if (!context.WasTried(_shares[at]))
                {
                    return _shares[at];
                }
            }

            return _shares[place];
        }
    }
}
