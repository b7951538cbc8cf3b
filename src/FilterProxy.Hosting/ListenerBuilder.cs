using FilterProxy.Hosting.Model;

namespace FilterProxy.Hosting;

/// <summary>A listener, in code.</summary>
public sealed class ListenerBuilder
{
    private readonly FilterProxyBuilder _proxy;
    private readonly ConfigDraft _draft;

    internal ListenerBuilder(FilterProxyBuilder proxy, ConfigDraft draft) => (_proxy, _draft) = (proxy, draft);

    /// <summary>Speaks TLS with a certificate and key from PEM files, relative to the content root. It is used for every name.</summary>
    public ListenerBuilder Tls(string cert, string key) =>
        Filter("tls", new { certificates = new object[] { new { file = new { cert, key, @default = true } } } });

    /// <summary>Adds a connection filter class of this process. Those before <see cref="Tls"/> see cipher text.</summary>
    /// <param name="options">Its options; null for the defaults.</param>
    public ListenerBuilder Filter<T>(object? options = null)
        where T : class, IConnectionFilter => Filter(_proxy.NameOf<T>(), options);

    /// <summary>Adds a connection filter by name.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="options">Its options; null for the defaults.</param>
    public ListenerBuilder Filter(string name, object? options = null)
    {
        _draft.Component("filters", name, options);
        return this;
    }

    /// <summary>Sets any key of a listener, e.g. <c>limits.connections</c>.</summary>
    /// <param name="key">The key, levels with dots between.</param>
    /// <param name="value">As for <see cref="FilterProxyBuilder.Set"/>.</param>
    public ListenerBuilder Set(string key, object? value)
    {
        _draft.Set(key, value);
        return this;
    }
}
