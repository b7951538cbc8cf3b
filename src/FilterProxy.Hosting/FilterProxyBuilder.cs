using FilterProxy.Hosting.Model;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace FilterProxy.Hosting;

/// <summary>
/// What the proxy of a host does: from files, from the host's configuration, from code, or from all of them, where later ones are laid
/// over earlier ones and code over both. Nothing is read or checked before the host starts; then all of it is, like a configuration file.
/// </summary>
public sealed class FilterProxyBuilder
{
    private readonly ConfigDraft _draft = new();

    internal FilterProxyBuilder(IServiceCollection services) => Services = services;

    /// <summary>The host's services.</summary>
    public IServiceCollection Services { get; }

    internal List<ConfigSource> Sources { get; } = [];

    internal HashSet<Type> Components { get; } = [];

    internal ConfigDraft Draft => _draft;

    /// <summary>Takes a configuration file, relative to the content root. Relative paths in it are relative to it.</summary>
    public FilterProxyBuilder LoadFromFile(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        Sources.Add(new FileSource(path));
        return this;
    }

    /// <summary>Takes a section of the host's configuration, e.g. of appsettings.json, with the keys of a configuration file.</summary>
    public FilterProxyBuilder LoadFromConfig(IConfiguration section)
    {
        ArgumentNullException.ThrowIfNull(section);
        Sources.Add(new ConfigurationSource(section));
        return this;
    }

    /// <summary>Adds a listener.</summary>
    /// <param name="name">What logs and routes call it.</param>
    /// <param name="address">Where it listens, e.g. <c>0.0.0.0:8080</c>. Port 0 is any: see <see cref="FilterProxyServer.Addresses"/>.</param>
    /// <param name="configure">The rest.</param>
    public FilterProxyBuilder AddListener(string name, string address, Action<ListenerBuilder>? configure = null)
    {
        var listener = _draft.Named("listeners", name);
        listener.Set("address", address);
        configure?.Invoke(new ListenerBuilder(this, listener));
        return this;
    }

    /// <summary>Adds a route.</summary>
    /// <param name="name">What logs call it.</param>
    /// <param name="configure">What it takes and where that goes.</param>
    public FilterProxyBuilder AddRoute(string name, Action<RouteBuilder> configure)
    {
        ArgumentNullException.ThrowIfNull(configure);
        var route = _draft.Item("routes");
        route.Set("name", name);
        configure(new RouteBuilder(this, route));
        return this;
    }

    /// <summary>Adds a cluster of these endpoints, e.g. <c>10.0.0.5:3000</c> or <c>https://app.internal</c>.</summary>
    public FilterProxyBuilder AddCluster(string name, params string[] endpoints) =>
        AddCluster(name, cluster => Array.ForEach(endpoints, endpoint => cluster.Endpoint(endpoint)));

    /// <summary>Adds a cluster.</summary>
    /// <param name="name">What routes and logs call it.</param>
    /// <param name="configure">Its endpoints and how they are used.</param>
    public FilterProxyBuilder AddCluster(string name, Action<ClusterBuilder> configure)
    {
        ArgumentNullException.ThrowIfNull(configure);
        configure(new ClusterBuilder(this, _draft.Named("clusters", name)));
        return this;
    }

    /// <summary>Runs a filter class of this process on every route. See <see cref="AddComponent{T}"/>.</summary>
    /// <param name="options">Its options record, or an anonymous object with the option's names; null for the defaults.</param>
    public FilterProxyBuilder AddFilter<T>(object? options = null)
        where T : class, IHttpFilter => AddFilter(NameOf<T>(), options);

    /// <summary>Runs a filter on every route.</summary>
    /// <param name="name">Its name, as in a configuration file: <c>access_log</c>, or <c>headers/second</c> for a second instance.</param>
    /// <param name="options">Its options; null for the defaults.</param>
    public FilterProxyBuilder AddFilter(string name, object? options = null)
    {
        _draft.Child("http").Component("route_filters", name, options);
        return this;
    }

    /// <summary>
    /// Makes a component class of this process known by the name in its <see cref="ComponentAttribute"/>: a filter, load balancer,
    /// endpoint source, connector, certificate source or connection filter. Its constructor may take its options, a
    /// <see cref="ComponentContext"/> and services of the host. It lives as long as the proxy, so its services must as well.
    /// </summary>
    public FilterProxyBuilder AddComponent<T>()
        where T : class
    {
        NameOf<T>();
        return this;
    }

    /// <summary>Loads a plugin from the plugin folder: <c>plugins</c> beside the program, unless <c>plugin_path</c> is set.</summary>
    /// <param name="name">Its folder.</param>
    /// <param name="sha256">The hash its assembly must have; null for any.</param>
    public FilterProxyBuilder AddPlugin(string name, string? sha256 = null)
    {
        _draft.Component("plugins", name, sha256 is null ? null : new { sha256 });
        return this;
    }

    /// <summary>Sets any key of the configuration.</summary>
    /// <param name="key">As in a configuration file, levels with dots between: <c>http.limits.request_body</c>.</param>
    /// <param name="value">A text, number, bool or duration; a list; a dictionary or an anonymous object for a mapping.</param>
    public FilterProxyBuilder Set(string key, object? value)
    {
        _draft.Set(key, value);
        return this;
    }

    internal string NameOf<T>()
    {
        Components.Add(typeof(T));
        return typeof(T).IsDefined(typeof(ComponentAttribute), false)
            ? ((ComponentAttribute)typeof(T).GetCustomAttributes(typeof(ComponentAttribute), false)[0]).Name
            : throw new ArgumentException($"{typeof(T).Name} has no name: give it a [Component(\"…\")] attribute.");
    }
}
