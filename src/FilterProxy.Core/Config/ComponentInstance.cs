using FilterProxy.Core.Components;
using FilterProxy.Core.Config.Tree;

namespace FilterProxy.Core.Config;

/// <summary>A component at its place in a configuration, with everything it was made of.</summary>
/// <param name="Kind">The interface its place asks for.</param>
/// <param name="Place">Where it stands, e.g. <c>routes.admin.filters.rate_limit</c>.</param>
/// <param name="Descriptor">Its class.</param>
/// <param name="Options">Its options as written.</param>
/// <param name="Store">The state it shares; null for one of its own.</param>
/// <param name="Uses">The files and clusters it depends on.</param>
/// <param name="Instance">The object.</param>
internal sealed record ComponentInstance(
    Type Kind, string Place, ComponentDescriptor Descriptor, ConfigNode? Options, string? Store, ComponentUses Uses, object Instance)
{
    /// <summary>How the configuration calls it.</summary>
    public string Key => Place[(Place.LastIndexOf('.') + 1)..];

    /// <summary>Where it stands and what plugin it is from, for messages.</summary>
    public string Origin => Descriptor.Home is null ? Place : $"{Place}, plugin {Descriptor.Home}";

    /// <summary>Whether it would come out the same: then it stays, with its counters, connections and state.</summary>
    public bool IsSame(ComponentDescriptor descriptor, ConfigNode? options, string? store, Func<string, Cluster?> findCluster) =>
        Descriptor.Type == descriptor.Type && Store == store && Equals(Options, options) && Uses.AreCurrent(findCluster);
}
