namespace FilterProxy.Core.Clusters.LoadBalancing;

/// <summary>
/// The same key to the same endpoint, by a table that all endpoints fill in turn, each in an order of its own (Maglev): keys are spread more
/// evenly than on a ring and found in constant time; when an endpoint leaves, a few keys of the others move too.
/// </summary>
[Component("maglev")]
internal sealed class Maglev(HashOptions options) : ILoadBalancer
{
    private readonly HashKey _key = new(options.Key);

    public IEndpointPicker Build(EndpointSet set, IEndpointPicker? previous) => new Picker(new MaglevTable(set), _key);

    private sealed class Picker(MaglevTable table, HashKey key) : IEndpointPicker
    {
        public Endpoint? Pick(in PickContext context) => table.Find(key.Of(context), context);
    }
}
