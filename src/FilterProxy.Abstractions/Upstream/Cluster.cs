using Microsoft.AspNetCore.Connections;

namespace FilterProxy;

/// <summary>A named set of interchangeable endpoints with its balancer, pools and rules.</summary>
public abstract class Cluster
{
    private protected Cluster(string name) => Name = name;

    /// <summary>Its name in the configuration.</summary>
    public string Name { get; }

    /// <summary>
    /// The cluster that takes what this one does not (`fallback.cluster`): relays are handed on to it; who picks peers itself asks it when
    /// there is none. Null for none.
    /// </summary>
    public virtual Cluster? StandIn => null;

    /// <summary>The endpoints there are now; replaced as a whole when discovery changes them.</summary>
    public abstract EndpointSet Endpoints { get; }

    /// <summary>Asks the load balancer for a peer; null when there is none to try.</summary>
    public abstract UpstreamPeer? Pick(in PickContext context);

    /// <summary>Picks a peer and opens a byte stream to it. The caller owns and disposes the connection.</summary>
    /// <exception cref="UpstreamException">No endpoint, or none of the tried ones could be reached.</exception>
    public abstract ValueTask<ConnectionContext> ConnectAsync(PickContext context, CancellationToken cancel);

    /// <summary>
    /// Opens a byte stream to one peer, as health checks do: whatever its health is, outside of its pool and not counted as traffic. The
    /// caller owns and disposes the connection.
    /// </summary>
    /// <exception cref="UpstreamException">It could not be reached.</exception>
    /// <exception cref="NotSupportedException">This kind of cluster opens none.</exception>
    public virtual ValueTask<ConnectionContext> ConnectToAsync(UpstreamPeer peer, CancellationToken cancel) => throw new NotSupportedException();

    /// <summary>
    /// Connects and copies bytes both ways until both sides have ended; half-close is passed on. Completes when the relay is over.
    /// </summary>
    /// <exception cref="UpstreamException">As <see cref="ConnectAsync"/>.</exception>
    public abstract Task RelayAsync(ConnectionContext downstream, PickContext context, CancellationToken stop);

    /// <summary>
    /// As above, within deadlines and rates: each side's end is passed on to the other, a reset of one resets the other. What the cluster
    /// allows of requests at a time holds for relays; an endpoint that cannot be reached is told to passive health, and another is tried.
    /// </summary>
    /// <param name="downstream">The client's connection; it stays the caller's.</param>
    /// <param name="context">What the choice of the endpoint depends on.</param>
    /// <param name="options">Deadlines and rates.</param>
    /// <param name="stop">Cuts the relay.</param>
    /// <returns>What was relayed and what ended it; a failed connect is a reason like others.</returns>
    /// <exception cref="NotSupportedException">This kind of cluster relays nothing.</exception>
    public virtual ValueTask<RelayReport> RelayAsync(
        ConnectionContext downstream, PickContext context, RelayOptions options, CancellationToken stop = default) => throw new NotSupportedException();
}
