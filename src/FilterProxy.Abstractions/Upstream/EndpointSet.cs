namespace FilterProxy;

/// <summary>An immutable set of endpoints, in the order the source gave them.</summary>
public sealed class EndpointSet
{
    /// <summary>The empty set.</summary>
    public static readonly EndpointSet Empty = new([]);

    private readonly Endpoint[] _endpoints;

    internal EndpointSet(Endpoint[] endpoints) => _endpoints = endpoints;

    /// <summary>Number of endpoints.</summary>
    public int Count => _endpoints.Length;

    /// <summary>The endpoint at a place.</summary>
    public Endpoint this[int index] => _endpoints[index];

    /// <summary>All of them.</summary>
    public ReadOnlySpan<Endpoint> Span => _endpoints;
}
