namespace FilterProxy.Core.Clusters.LoadBalancing;

/// <summary>
/// The same client address to the same endpoint, by weight, over a <see cref="MaglevTable"/>: an endpoint that comes or goes moves few clients
/// of the others. Constant time.
/// </summary>
[Component("ip_hash")]
internal sealed class IpHash : ILoadBalancer
{
    public IEndpointPicker Build(EndpointSet set, IEndpointPicker? previous) => new Picker(new MaglevTable(set));

    private sealed class Picker(MaglevTable table) : IEndpointPicker
    {
        public Endpoint? Pick(in PickContext context) => table.Find(HashKey.OfClient(context), context);
    }
}
