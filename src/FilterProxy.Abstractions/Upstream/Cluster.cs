using Microsoft.AspNetCore.Connections;

namespace FilterProxy;

/// <summary>A named set of interchangeable endpoints with its balancer, pools and rules.</summary>
public abstract class Cluster
{
    private protected Cluster(string name) => Name = name;

    /// <summary>Its name in the configuration.</summary>
    public string Name { get; }

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
}
