using FilterProxy.Core.Clusters;
using FilterProxy.Core.Components;
using FilterProxy.Core.Downstream;
using FilterProxy.Core.Pipeline;

namespace FilterProxy.Core.Config;

/// <summary>What a configuration compiles to. Nothing of it runs yet but what the previous one had as well.</summary>
internal sealed class CompiledConfig(ProxyConfig config)
{
    /// <summary>The configuration as written.</summary>
    public ProxyConfig Config { get; } = config;

    /// <summary>What exchanges run under.</summary>
    public required ProxySnapshot Snapshot { get; init; }

    /// <summary>What to listen on.</summary>
    public required IReadOnlyList<ListenerPlan> Listeners { get; init; }

    /// <summary>Where to receive datagrams.</summary>
    public IReadOnlyList<DatagramPlan> Datagrams { get; init; } = [];

    /// <summary>Every component, those of the previous configuration that stay among them.</summary>
    public required IReadOnlyList<ComponentInstance> Components { get; init; }

    /// <summary>The components that are new.</summary>
    public required IReadOnlyList<object> Created { get; init; }

    /// <summary>The states of components that are new.</summary>
    public IReadOnlyList<object> CreatedStates { get; init; } = [];

    /// <summary>The clusters by name.</summary>
    public required IReadOnlyDictionary<string, CompiledCluster> Clusters { get; init; }

    /// <summary>The plugins it uses components of, or could.</summary>
    public IReadOnlyCollection<Plugin> Plugins { get; init; } = [];

    /// <summary>The files besides the configuration's own that it was made from.</summary>
    public IEnumerable<FileStamp> Files => Components.SelectMany(c => c.Uses.Files)
        .Concat(Plugins.SelectMany(p => p.Stamps))
        .Concat(Clusters.Values.SelectMany(c => c.TlsFiles)).Concat(Listeners.SelectMany(l => l.TlsFiles));

    /// <summary>What it must not outlive: ended when no configuration in use has it any more.</summary>
    public IEnumerable<object> Owned =>
        Clusters.Values.Select(c => c.Watcher).OfType<EndpointWatcher>()
            .Concat<object>(Components.Select(c => c.Instance))
            .Concat(Components.SelectMany(c => c.Uses.States).Select(s => s.Value))
            .Concat(Clusters.Values.Select(c => c.Cluster))
            .Concat(Plugins.Where(p => p.Unloadable));
}
