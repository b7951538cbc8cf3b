using System.Text.Json.Serialization;
using FilterProxy.Core.Components;
using FilterProxy.Core.Config.Binding;
using FilterProxy.Core.Config.Schema;

namespace FilterProxy.Core.Config.Explain;

/// <summary>An option of a component.</summary>
internal sealed record ListedOption(string Key, string Type, string Default, string Meaning, bool Required);

/// <summary>A component of a plugin: its name in the configuration, what it is, and the phases it takes part in.</summary>
internal sealed record ListedComponent(string Name, string Kind, IReadOnlyList<string> Phases, bool Blocking, IReadOnlyList<ListedOption> Options);

/// <summary>A plugin that is installed, or that the configuration names.</summary>
/// <param name="Name">Its folder's name.</param>
/// <param name="Version">Its version; null when its file could not be read.</param>
/// <param name="Contract">The version of the contract it was built for.</param>
/// <param name="State"><c>in use</c>, <c>installed</c> or <c>refused</c>.</param>
/// <param name="IsNamed">Whether the configuration names it.</param>
/// <param name="Sha256">Of its main assembly, to pin it.</param>
/// <param name="Components">What it brings; none where it is refused.</param>
/// <param name="Refusal">Why it is refused, and what to do about it; null when it is not.</param>
internal sealed record ListedPlugin(
    string Name, string? Version, string? Contract, string State, [property: JsonPropertyName("named")] bool IsNamed, string? Sha256,
    IReadOnlyList<ListedComponent> Components, string? Refusal);

/// <summary>Looks through a plugin folder. Assemblies are loaded to be looked at; no component is made.</summary>
internal static class PluginList
{
    private static readonly (Type Type, string Name)[] Kinds =
    [
        (typeof(IHttpFilter), "filter"), (typeof(IConnectionFilter), "connection filter"), (typeof(ILoadBalancer), "load balancer"),
        (typeof(IEndpointSource), "endpoint source"), (typeof(IHealthCheck), "health check"), (typeof(IConnector), "connector"),
        (typeof(IConnectionSource), "connection source"), (typeof(ICertificateSource), "certificate source"), (typeof(IDatagramService), "datagram service"), (typeof(ICommand), "command"),
    ];

    private static readonly (Type Type, string Name)[] Phases =
    [
        (typeof(IRequestFilter), "request_filter"), (typeof(IRequestBodyFilter), "request body"), (typeof(IUpstreamPeerFilter), "upstream_peer"),
        (typeof(IUpstreamRequestFilter), "upstream_request_filter"), (typeof(IUpstreamErrorFilter), "upstream error"),
        (typeof(IResponseFilter), "response_filter"), (typeof(IResponseBodyFilter), "response body"), (typeof(ILoggingFilter), "logging"),
    ];

    /// <summary>What is installed in a folder and what is named, by name.</summary>
    public static IReadOnlyList<ListedPlugin> Of(string folder, IReadOnlyList<PluginConfig> named)
    {
        var together = new PluginLoader(folder, new ComponentRegistry());
        var list = named.Select(plugin => Describe(folder, plugin, together, isNamed: true)).ToList();
        var others = Directory.Exists(folder) ? Directory.GetDirectories(folder).Select(path => Path.GetFileName(path)!) : [];
        foreach (var name in others.Where(name => list.All(plugin => plugin.Name != name)))
        {
            // Each by itself: what it would clash with is not in use beside it.
            list.Add(Describe(folder, new PluginConfig { Name = name }, new PluginLoader(folder, new ComponentRegistry()), isNamed: false));
        }

        return [.. list.OrderBy(plugin => plugin.Name, StringComparer.OrdinalIgnoreCase)];
    }

    private static ListedPlugin Describe(string folder, PluginConfig plugin, PluginLoader loader, bool isNamed)
    {
        var file = PluginLoader.IsName(plugin.Name) ? PluginLoader.FileOf(folder, plugin.Name) : "";
        var manifest = Read(file);
        var loaded = loader.TryLoad(plugin.Name, plugin.Sha256, out var refusal);
        return new ListedPlugin(
            plugin.Name,
            manifest?.Version,
            manifest?.Contract?.ToString(2),
            !loaded ? "refused" : isNamed ? "in use" : "installed",
            isNamed,
            File.Exists(file) ? FileStamp.Of(file).Hash.ToLowerInvariant() : null,
            loaded ? ComponentsOf(loader, plugin.Name) : [],
            loaded ? null : refusal);
    }

    private static PluginManifest? Read(string file)
    {
        try
        {
            return File.Exists(file) ? PluginManifest.Read(File.ReadAllBytes(file)) : null;
        }
        catch (Exception e) when (e is BadImageFormatException or IOException or UnauthorizedAccessException)
        {
            // The loader says so.
            return null;
        }
    }

    private static List<ListedComponent> ComponentsOf(PluginLoader loader, string name) =>
        [.. loader.Components.Where(c => c.Plugin == name).OrderBy(c => c.Name, StringComparer.Ordinal).Select(c => new ListedComponent(
            c.Name,
            string.Join(", ", Kinds.Where(kind => kind.Type.IsAssignableFrom(c.Type)).Select(kind => kind.Name)),
            [.. Phases.Where(phase => phase.Type.IsAssignableFrom(c.Type)).Select(phase => phase.Name)],
            c.Blocking,
            OptionsOf(c.OptionsType)))];

    private static List<ListedOption> OptionsOf(Type? type)
    {
        try
        {
            return type is null || ObjectPlan.Of(type) is null
                ? []
                : [.. OptionDescription.Of(type, new XmlDocs()).Select(o => new ListedOption(o.Key, o.Type, o.Default.Trim('`'), o.Meaning, o.IsRequired))];
        }
        catch (Exception)
        {
            // The defaults are what the plugin's own code makes them.
            return [];
        }
    }
}
