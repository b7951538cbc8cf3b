namespace FilterProxy.Core.Clusters.LoadBalancing;

/// <summary>The first endpoint in the order of the configuration that takes traffic; the others are its reserve.</summary>
[Component("first_available")]
internal sealed class FirstAvailable : ILoadBalancer
{
    public IEndpointPicker Build(EndpointSet set, IEndpointPicker? previous) => new Picker(new Shares(set));

    private sealed class Picker(Shares shares) : IEndpointPicker
    {
        public Endpoint? Pick(in PickContext context)
        {
            for (var i = 0; i < shares.Count; i++)
            {
                if (!context.WasTried(shares[i]))
                {
                    return shares[i];
                }
            }

            return null;
        }
    }
}
