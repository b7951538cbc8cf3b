using FilterProxy.Hosting.Model;

namespace FilterProxy.Hosting;

/// <summary>A route, in code: which requests it takes, and what becomes of them.</summary>
public sealed class RouteBuilder
{
    private readonly FilterProxyBuilder _proxy;
    private readonly ConfigDraft _draft;

    internal RouteBuilder(FilterProxyBuilder proxy, ConfigDraft draft) => (_proxy, _draft) = (proxy, draft);

    /// <summary>Takes requests for one of these hosts: <c>example.com</c>, <c>*.example.com</c>.</summary>
    public RouteBuilder Host(params string[] hosts) => Set("match.host", hosts);

    /// <summary>Takes requests with one of these paths: <c>/login</c>, <c>/admin/*</c>, <c>/users/{id}</c>.</summary>
    public RouteBuilder Path(params string[] paths) => Set("match.path", paths);

    /// <summary>Takes requests with one of these methods.</summary>
    public RouteBuilder Methods(params string[] methods) => Set("match.methods", methods);

    /// <summary>Takes requests with this header.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="value">What it must be: a text, or an anonymous object like <c>new { prefix = "v2." }</c>.</param>
    public RouteBuilder Header(string name, object value)
    {
        _draft.Child("match").Child("headers").SetKey(name, value);
        return this;
    }

    /// <summary>Takes requests that come in on one of these listeners.</summary>
    public RouteBuilder Listeners(params string[] names) => Set("match.listeners", names);

    /// <summary>Forwards to this cluster.</summary>
    public RouteBuilder ToCluster(string name) => Set("cluster", name);

    /// <summary>Answers here.</summary>
    /// <param name="status">The status code.</param>
    /// <param name="body">The text; null for none.</param>
    public RouteBuilder Respond(int status, string? body = null) =>
        Set("respond", body is null ? new { status } : (object)new { status, body });

    /// <summary>Takes this off the front of the path before forwarding.</summary>
    public RouteBuilder StripPrefix(string prefix) => Set("rewrite.strip_prefix", prefix);

    /// <summary>Replaces the path before forwarding, with captures of the match: <c>/oauth/api/{rest}</c>.</summary>
    public RouteBuilder RewritePath(string path) => Set("rewrite.path", path);

    /// <summary>Runs a filter class of this process on this route; its options refine those of the same filter for every route.</summary>
    /// <param name="options">Its options record, or an anonymous object; null for the defaults.</param>
    public RouteBuilder Filter<T>(object? options = null)
        where T : class, IHttpFilter => Filter(_proxy.NameOf<T>(), options);

    /// <summary>Runs a filter on this route.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="options">Its options; null for the defaults.</param>
    public RouteBuilder Filter(string name, object? options = null)
    {
        _draft.Component("filters", name, options);
        return this;
    }

    /// <summary>Leaves out a filter that runs on every route.</summary>
    public RouteBuilder Without(string name)
    {
        _draft.Component("filters", name, "off");
        return this;
    }

    /// <summary>Sets any key of a route, e.g. <c>timeouts.total</c>.</summary>
    /// <param name="key">The key, levels with dots between.</param>
    /// <param name="value">As for <see cref="FilterProxyBuilder.Set"/>.</param>
    public RouteBuilder Set(string key, object? value)
    {
        _draft.Set(key, value);
        return this;
    }
}
