using System.Collections.ObjectModel;
using FilterProxy.Core.Config.Binding;
using FilterProxy.Core.Config.Includes;

namespace FilterProxy.Core.Config;

/// <summary>A whole configuration document as the user wrote it, bound and checked but not yet compiled.</summary>
internal sealed record ProxyConfig
{
    /// <summary>
    /// Further files to read, one pattern or a list, relative to this file: <c>conf.d/*.yaml</c>. Default: none.
    /// </summary>
    public IReadOnlyList<string> Include { get; init; } = [];

    /// <summary>How the process itself runs.</summary>
    public RuntimeConfig Runtime { get; init; } = new();

    /// <summary>What is done when there is too much to do.</summary>
    public OverloadConfig Overload { get; init; } = new();

    /// <summary>Starts the built-in sample services the default configuration points to, so that it answers as is. Default: false.</summary>
    public bool Samples { get; init; }

    /// <summary>The plugins to load. Nothing is loaded that is not named here. Default: none.</summary>
    public IReadOnlyList<PluginConfig> Plugins { get; init; } = [];

    /// <summary>Folder the plugins are in, relative to this file. Default: <c>plugins</c> beside the executable.</summary>
    public string? PluginPath { get; init; }

    /// <summary>Where the proxy is looked at and steered. Default: no admin listener.</summary>
    public AdminConfig? Admin { get; init; }

    /// <summary>What holds for HTTP on every listener.</summary>
    public HttpConfig Http { get; init; } = new();

    /// <summary>What is told about the proxy and its exchanges: metrics, traces.</summary>
    public TelemetryConfig Telemetry { get; init; } = new();

    /// <summary>Where connections are accepted, by name. At least one, here or among <c>udp_listeners</c>.</summary>
    public IReadOnlyDictionary<string, ListenerConfig> Listeners { get; init; } = ReadOnlyDictionary<string, ListenerConfig>.Empty;

    /// <summary>Where datagrams are received, by name. Default: none.</summary>
    public IReadOnlyDictionary<string, UdpListenerConfig> UdpListeners { get; init; } = ReadOnlyDictionary<string, UdpListenerConfig>.Empty;

    /// <summary>What happens to a request, by what it looks like. Default: none.</summary>
    public IReadOnlyList<RouteConfig> Routes { get; init; } = [];

    /// <summary>Sets of interchangeable upstream endpoints, by name. Default: none.</summary>
    public IReadOnlyDictionary<string, ClusterConfig> Clusters { get; init; } = ReadOnlyDictionary<string, ClusterConfig>.Empty;

    // Not an option: where everything was written, for what is found wrong while compiling.
    internal BindingPlaces Places { get; init; } = new();

    // Not an option: everything as it was written, for those who show it.
    internal WrittenConfig Written { get; init; } = WrittenConfig.None;

    // Not an option: what it was read from, to be watched.
    internal ConfigSources Sources { get; init; } = new();
}
