namespace FilterProxy.Core.Clusters.LoadBalancing;

/// <summary>
/// Two endpoints drawn by their weights; of them the one with fewer requests under way for its weight; the default. Constant time,
/// and no herd: nobody runs after the one endpoint that looks idle.
/// </summary>
[Component("power_of_two_choices")]
internal sealed class PowerOfTwoChoices : ILoadBalancer
{
    public IEndpointPicker Build(EndpointSet set, IEndpointPicker? previous) => new Picker(new Shares(set));

    private sealed class Picker(Shares shares) : IEndpointPicker
    {
        public Endpoint? Pick(in PickContext context)
        {
            if (shares.Count <= 1)
            {
                return shares.Count == 0 ? null : shares[0];
            }

            var first = shares.Draw();
            var second = shares.DrawOther(first);
            if (context.Tried is not null && context.WasTried(shares[first]) != context.WasTried(shares[second]))
            {
                return context.WasTried(shares[first]) ? shares[second] : shares[first];
            }

            // The first wins a tie: an idle cluster is shared by weight.
            return shares[second].InFlight * shares.WeightOf(first) < shares[first].InFlight * shares.WeightOf(second)
                ? shares[second]
                : shares[first];
        }
    }
}
