using Microsoft.AspNetCore.Connections;

namespace FilterProxy;

/// <summary>A way to spread requests over endpoints. One instance per cluster.</summary>
public interface ILoadBalancer
{
    /// <summary>
    /// Prepares for a set of endpoints: rings and tables are built here, not while picking. The set holds only those that are to take
    /// traffic now: the engine leaves out the unhealthy, those of a lower priority, of another zone or subset, and calls again when that
    /// changes. Shares are in <see cref="EndpointSet.WeightOf"/>.
    /// </summary>
    /// <param name="set">The endpoints.</param>
    /// <param name="previous">The picker this one replaces, to carry its state over; null for the first.</param>
    IEndpointPicker Build(EndpointSet set, IEndpointPicker? previous);
}

/// <summary>Chooses endpoints of one set. Called by many threads at once; must not lock or allocate.</summary>
public interface IEndpointPicker
{
    /// <summary>
    /// An endpoint, or null when there is none to try. One not yet tried comes first; where a picker returns one that was, the engine
    /// looks for another itself.
    /// </summary>
    Endpoint? Pick(in PickContext context);

    /// <summary>
    /// Whether its word is the last: where it picks none, or one that was tried or is full, no other endpoint is taken instead. For choices
    /// that are about whom a request is for, not about who is free.
    /// </summary>
    bool IsBinding => false;
}

/// <summary>What a choice may depend on.</summary>
/// <param name="Key">Hash of the affinity key; 0 for none.</param>
/// <param name="Exchange">The exchange, for HTTP.</param>
/// <param name="Connection">The downstream connection, for byte streams.</param>
/// <param name="Tried">Endpoints that failed for this exchange already; null for none.</param>
public readonly record struct PickContext(
    ulong Key = 0, HttpExchange? Exchange = null, ConnectionContext? Connection = null, IReadOnlyList<Endpoint>? Tried = null)
{
    /// <summary>Whether an endpoint failed for this exchange already.</summary>
    public bool WasTried(Endpoint endpoint)
    {
        for (var i = 0; i < (Tried?.Count ?? 0); i++)
        {
            if (ReferenceEquals(Tried![i], endpoint))
            {
                return true;
            }
        }

        return false;
    }
}
