using System.Diagnostics.Metrics;
using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;

namespace FilterProxy;

/// <summary>What the engine offers a component: an optional constructor argument.</summary>
public abstract class ComponentContext
{
    private protected ComponentContext()
    {
    }

    /// <summary>The component's place in the configuration, for messages, e.g. <c>routes.admin.filters.rate_limit/login</c>.</summary>
    public abstract string Place { get; }

    /// <summary>A logger named after the component.</summary>
    public abstract ILogger Logger { get; }

    /// <summary>The clock. Tests replace it.</summary>
    public abstract TimeProvider Time { get; }

    /// <summary>For the component's own metrics.</summary>
    public abstract Meter Meter { get; }

    /// <summary>The instance this one replaces after its options changed, to take counters over from; null for none.</summary>
    public abstract object? Previous { get; }

    /// <summary>The folder relative paths in options are relative to: the configuration file's.</summary>
    public abstract string ConfigDirectory { get; }

    /// <summary>
    /// Names a file the component is made from, e.g. a key, and returns its absolute path. Call it before reading the file: when its
    /// content changes, the configuration is taken over again with a new instance in this one's place. It may be a folder as well:
    /// then that happens when a file in it, or in a folder in it, changes, comes or goes; hidden ones do not count.
    /// </summary>
    /// <param name="path">Absolute, or relative to <see cref="ConfigDirectory"/>.</param>
    public abstract string UseFile(string path);

    /// <summary>Makes a slot for state on exchanges.</summary>
    public abstract Slot<T> CreateSlot<T>(string name);

    /// <summary>An object shared by all components of this plugin, made by the first that asks.</summary>
    public abstract T Shared<T>()
        where T : class, new();

    /// <summary>
    /// The component's state, e.g. its counters, apart from the instance that works on it: an instance with other options, made by a
    /// reload, gets the very object the one before had. It is the instance's own, or, where its options say <c>store: NAME</c>, shared
    /// by all instances of this component that say so. Ask in the constructor; use it as something others use at the same time.
    /// Disposed, where it can be, when no configuration in use has an instance with it.
    /// </summary>
    /// <param name="create">Makes it where there is none yet.</param>
    public abstract T Store<T>(Func<T> create)
        where T : class;

    /// <summary>A cluster of the same configuration; the configuration is refused when there is none of that name.</summary>
    public abstract Cluster GetCluster(string name);

    /// <summary>
    /// Opens a byte stream to an address that is no endpoint of a cluster: what a client asked for (egress). Whether it may is the caller's
    /// to decide. The caller owns and disposes the connection.
    /// </summary>
    /// <exception cref="UpstreamException">It could not be reached.</exception>
    /// <exception cref="NotSupportedException">Where no engine is.</exception>
    public virtual ValueTask<ConnectionContext> ConnectAsync(IPEndPoint address, CancellationToken cancel) => throw new NotSupportedException();

    /// <summary>
    /// Relays between two connections, as <see cref="Cluster.RelayAsync(ConnectionContext, PickContext, RelayOptions, CancellationToken)"/>
    /// does once it is connected. Both stay the caller's.
    /// </summary>
    /// <exception cref="NotSupportedException">Where no engine is.</exception>
    public virtual ValueTask<RelayReport> RelayAsync(
        ConnectionContext downstream, ConnectionContext upstream, RelayOptions options, CancellationToken stop = default) => throw new NotSupportedException();

    /// <summary>
    /// A client whose requests go to a cluster, with its balancing and health. Its base address names the cluster, so a relative
    /// address is enough; set Host on the request where the upstream cares for it.
    /// </summary>
    public abstract HttpClient CreateHttpClient(string clusterName);
}
