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
            if (shares.Count == 0)
            {
                return null;
            }

            var (first, second) = shares.DrawTwo(context);

            // The first wins a tie: an idle cluster is shared by weight.
            return shares[second].InFlight * shares.WeightOf(first) < shares[first].InFlight * shares.WeightOf(second)
                ? shares[second]
                : shares[first];
        }
    }
}
