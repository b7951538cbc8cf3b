namespace FilterProxy.Core.Clusters.LoadBalancing;

/// <summary>Any endpoint, in proportion to its weight. Constant time.</summary>
[Component("random")]
internal sealed class RandomChoice : ILoadBalancer
{
    public IEndpointPicker Build(EndpointSet set, IEndpointPicker? previous) => new Picker(new Shares(set));

    private sealed class Picker(Shares shares) : IEndpointPicker
    {
        public Endpoint? Pick(in PickContext context) => shares.Count == 0 ? null : shares[shares.Draw()];
    }
}
