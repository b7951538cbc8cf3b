using System.Text.Json.Nodes;
using FilterProxy.Core.Components;
using FilterProxy.Core.Config.Tree;

namespace FilterProxy.Core.Config.Binding;

/// <summary>The parts of the model that are not written as plain mappings.</summary>
internal static class ModelForms
{
    /// <summary>Binds one of them; null when nothing could be made of the node.</summary>
    public delegate object? Form(ConfigBinder binder, ConfigNode node, string path, out bool bound);

    public static Form? Find(Type type)
    {
        if (type == typeof(ComponentConfig))
        {
            return Component;
        }

        if (type == typeof(PluginConfig))
        {
            return Plugin;
        }

        return type == typeof(EndpointsConfig) ? Endpoints : type == typeof(JsonNode) ? AnyForm.Bind : null;
    }

    private static ComponentConfig? Component(ConfigBinder binder, ConfigNode node, string path, out bool bound)
    {
        bound = false;
        if (ReadNamed(binder, node, "a component like 'name' or 'name: { options }'") is not { } named)
        {
            return null;
        }

        var slash = named.Name.IndexOf('/', StringComparison.Ordinal);
        var name = slash < 0 ? named.Name : named.Name[..slash];
        var id = slash < 0 ? null : named.Name[(slash + 1)..];
        if (!IsName(name, isComponent: true) || (id is not null && !IsName(id, isComponent: false)))
        {
            binder.Refuse(
                named.Location,
                $"'{named.Name}' cannot be the name of a component",
                "names are like 'rate_limit' or 'rate_limit/login'");
            return null;
        }

        bound = true;
        var off = named.Value is ConfigScalar { IsOff: true };
        return new ComponentConfig { Name = name, Id = id, Off = off, Options = off ? null : named.Value, Location = named.Location };
    }

    private static PluginConfig? Plugin(ConfigBinder binder, ConfigNode node, string path, out bool bound)
    {
        bound = false;
        if (ReadNamed(binder, node, "a plugin like 'RateLimit' or 'RateLimit: { sha256: … }'") is not { } named)
        {
            return null;
        }

        // The name becomes part of a path: nothing that leads out of the plugin folder.
        if (!PluginLoader.IsName(named.Name))
        {
            binder.Refuse(named.Location, $"'{named.Name}' cannot be the name of a plugin", "names are like 'RateLimit' or 'RateLimit@1.1'");
            return null;
        }

        if (named.Value is null)
        {
            bound = true;
            return new PluginConfig { Name = named.Name };
        }

        if (named.Value is not ConfigMapping options)
        {
            binder.Expected(named.Value, "a mapping of options");
            return null;
        }

        if (options.Find("name") is { } misplaced)
        {
            binder.Refuse(misplaced.Location, $"unknown option 'name' of {named.Name}", "options: sha256, unloadable");
            return null;
        }

        var plugin = new PluginConfig { Name = named.Name };
        var whole = options.With("name", new ConfigScalar(named.Location, named.Name));
        bound = binder.BindProperties(plugin, whole, ObjectPlan.Of(typeof(PluginConfig))!, named.Name);
        if (bound && plugin.Sha256 is { } hash && (hash.Length != 64 || !hash.All(char.IsAsciiHexDigit)))
        {
            binder.Refuse(options.Find("sha256")!.Value.Location, "expected 64 hexadecimal digits", "sha256sum prints them");
            bound = false;
        }

        return plugin;
    }

    private static EndpointsConfig? Endpoints(ConfigBinder binder, ConfigNode node, string path, out bool bound)
    {
        var list = node is ConfigMapping { Entries: [{ Name: "static" } only] } ? only.Value : node;
        if (list is ConfigSequence || (list is ConfigScalar { IsNull: false } && list.Description.AsSpan().IndexOfAny(':', '/') >= 0))
        {
            var endpoints = binder.Bind(list, typeof(IReadOnlyList<EndpointConfig>), path, out bound);
            return endpoints is null ? null : new EndpointsConfig { Static = (IReadOnlyList<EndpointConfig>)endpoints };
        }

        if (node is not ConfigMapping || list != node)
        {
            binder.Expected(list, "endpoints like [10.0.0.5:3002], or a source like 'dns: { … }'");
            bound = false;
            return null;
        }

        var source = Component(binder, node, path, out bound);
        if (source is { Off: true })
        {
            binder.Refuse(node.Location, "endpoints cannot be off");
            bound = false;
        }

        return source is null ? null : new EndpointsConfig { Source = source };
    }

    // The grammar rule of every component: a bare name, or a mapping with one key.
    private static Named? ReadNamed(ConfigBinder binder, ConfigNode node, string expected)
    {
        switch (node)
        {
            case ConfigScalar { IsNull: false } scalar:
                return new Named(scalar.Text, scalar.Location, null);
            case ConfigMapping { Entries: [var only] }:
                return new Named(only.Name, only.Location, only.Value is ConfigScalar { IsNull: true } ? null : only.Value);
            case ConfigMapping { Entries: [{ Value: ConfigScalar { IsNull: true } } first, ..] }:
                binder.Refuse(
                    node.Location,
                    $"expected {expected}, got a mapping with several keys",
                    $"indent the options of '{first.Name}' further");
                return null;
            case ConfigMapping mapping:
                var got = mapping.Entries.Count == 0 ? "an empty mapping" : "a mapping with several keys";
                binder.Refuse(node.Location, $"expected {expected}, got {got}");
                return null;
            default:
                binder.Expected(node, expected);
                return null;
        }
    }

    private static bool IsName(string name, bool isComponent) =>
        name.Length > 0 && (isComponent
            ? char.IsAsciiLetterLower(name[0]) && name.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '_')
            : name.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' or '.'));

    private sealed record Named(string Name, SourceLocation Location, ConfigNode? Value);
}
