using FilterProxy.Hosting.Model;

namespace FilterProxy.Hosting;

/// <summary>A cluster, in code.</summary>
public sealed class ClusterBuilder
{
    private readonly FilterProxyBuilder _proxy;
    private readonly ConfigDraft _draft;

    internal ClusterBuilder(FilterProxyBuilder proxy, ConfigDraft draft) => (_proxy, _draft) = (proxy, draft);

    /// <summary>Adds an endpoint.</summary>
    /// <param name="address">Where it is: <c>10.0.0.5:3000</c>, <c>https://app.internal</c>, <c>unix:/run/app.sock</c>.</param>
    /// <param name="weight">Its share relative to the others.</param>
    public ClusterBuilder Endpoint(string address, int weight = 1)
    {
        var endpoint = _draft.Item("endpoints");
        endpoint.Set("address", address);
        endpoint.Set("weight", weight);
        return this;
    }

    /// <summary>Learns the endpoints from a source class of this process instead.</summary>
    /// <param name="options">Its options; null for the defaults.</param>
    public ClusterBuilder EndpointsFrom<T>(object? options = null)
        where T : class, IEndpointSource => Named("endpoints", _proxy.NameOf<T>(), options);

    /// <summary>Chooses endpoints by a load balancer class of this process.</summary>
    /// <param name="options">Its options; null for the defaults.</param>
    public ClusterBuilder LoadBalancer<T>(object? options = null)
        where T : class, ILoadBalancer => LoadBalancer(_proxy.NameOf<T>(), options);

    /// <summary>Chooses endpoints by a load balancer.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="options">Its options; null for the defaults.</param>
    public ClusterBuilder LoadBalancer(string name, object? options = null) => Named("load_balancer", name, options);

    /// <summary>Sets any key of a cluster, e.g. <c>pool.max</c>.</summary>
    /// <param name="key">The key, levels with dots between.</param>
    /// <param name="value">As for <see cref="FilterProxyBuilder.Set"/>.</param>
    public ClusterBuilder Set(string key, object? value)
    {
        _draft.Set(key, value);
        return this;
    }

    private ClusterBuilder Named(string key, string name, object? options)
    {
        _draft.SetKey(key, ConfigDraft.ComponentOf(name, options));
        return this;
    }
}
