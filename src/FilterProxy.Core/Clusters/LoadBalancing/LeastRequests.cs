namespace FilterProxy.Core.Clusters.LoadBalancing;

/// <summary>
/// The endpoint with the fewest requests under way for its weight, exactly: it looks at every one. Of equals any. Time grows with the
/// number of endpoints.
/// </summary>
[Component("least_requests")]
internal sealed class LeastRequests : ILoadBalancer
{
    public IEndpointPicker Build(EndpointSet set, IEndpointPicker? previous) => new Picker(new Shares(set));

    private sealed class Picker(Shares shares) : IEndpointPicker
    {
        public Endpoint? Pick(in PickContext context)
        {
            var count = shares.Count;
            if (count == 0)
            {
                return null;
            }

            // From anywhere, so that equals take turns.
            var start = Dice.Below(count);
            Endpoint? best = null;
            long bestLoad = 0, bestWeight = 1;
            for (var i = 0; i < count; i++)
            {
                var at = start + i < count ? start + i : start + i - count;
                var load = shares[at].InFlight + 1L;
                if ((best is null || load * bestWeight < bestLoad * shares.WeightOf(at)) && !context.WasTried(shares[at]))
                {
                    (best, bestLoad, bestWeight) = (shares[at], load, shares.WeightOf(at));
                }
            }

            return best;
        }
    }
}
