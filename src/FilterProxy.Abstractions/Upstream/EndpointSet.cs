namespace FilterProxy;

/// <summary>An immutable set of endpoints, in the order the source gave them.</summary>
public sealed class EndpointSet
{
    /// <summary>The empty set.</summary>
    public static readonly EndpointSet Empty = new([]);

    private readonly Endpoint[] _endpoints;
    private readonly int[]? _weights;

    internal EndpointSet(Endpoint[] endpoints, int[]? weights = null) => (_endpoints, _weights) = (endpoints, weights);

    /// <summary>Number of endpoints.</summary>
    public int Count => _endpoints.Length;

    /// <summary>The endpoint at a place.</summary>
    public Endpoint this[int index] => _endpoints[index];

    /// <summary>
    /// The share of the endpoint at a place relative to the others of this set: its <see cref="Endpoint.Weight"/>, or what a slow start or
    /// the operator made of it. 0 takes none. The unit is the set's own; compare only weights of one set.
    /// </summary>
    public int WeightOf(int index) => _weights is null ? _endpoints[index].Weight : _weights[index];

    /// <summary>All of them.</summary>
    public ReadOnlySpan<Endpoint> Span => _endpoints;
}
