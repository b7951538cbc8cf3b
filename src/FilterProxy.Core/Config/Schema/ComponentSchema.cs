using System.Reflection;
using System.Text.Json.Nodes;
using FilterProxy.Core.Components;
using FilterProxy.Core.Config.Binding;

namespace FilterProxy.Core.Config.Schema;

/// <summary>The schema of what follows the rule of components: a bare name, or a mapping with one key.</summary>
internal sealed class ComponentSchema(ConfigSchema schema, ComponentRegistry registry, XmlDocs docs)
{
    public const string PluginName = "[A-Za-z0-9_.@-]+";
    private const string Instance = "/[A-Za-z0-9_.-]+";

    /// <summary>A component of the kind an option holds.</summary>
    public JsonObject Component(MemberInfo owner)
    {
        var kind = KindOf(owner);
        var canBeOff = CanBeOff(owner);
        return schema.Define(NameOf(kind, canBeOff), () => new JsonObject { ["anyOf"] = new JsonArray(Bare(kind), Mapping(kind, canBeOff)) });
    }

    /// <summary>A component of the kind an option holds, by its name alone.</summary>
    public JsonObject BareName(MemberInfo owner) => Bare(KindOf(owner));

    public JsonObject Plugin() => schema.Define("plugin", () => new JsonObject
    {
        ["anyOf"] = new JsonArray(
            new JsonObject { ["enum"] = Names(registry.All.Select(component => component.Plugin).Where(name => name.Length > 0).Distinct()) },
            ScalarSchema.Pattern(PluginName),
            new JsonObject
            {
                ["type"] = "object",
                ["minProperties"] = 1,
                ["maxProperties"] = 1,
                ["additionalProperties"] = new JsonObject
                {
                    ["type"] = "object",
                    ["additionalProperties"] = false,
                    ["properties"] = new JsonObject
                    {
                        ["sha256"] = ScalarSchema.Pattern("[0-9a-fA-F]{64}").Set("description", docs.Of(typeof(PluginConfig).GetProperty(nameof(PluginConfig.Sha256))!)),
                        ["unloadable"] = ScalarSchema.Of(typeof(bool), docs)!.Set("description", docs.Of(typeof(PluginConfig).GetProperty(nameof(PluginConfig.Unloadable))!)),
                    },
                },
            }),
    });

    public JsonObject Endpoints(Type type)
    {
        var list = schema.Value(typeof(IReadOnlyList<EndpointConfig>), type.GetProperty(nameof(EndpointsConfig.Static))!);
        var source = Mapping(KindOf(type.GetProperty(nameof(EndpointsConfig.Source))!), canBeOff: false);
        source["properties"]!["static"] = list.DeepClone();
        return new JsonObject { ["anyOf"] = new JsonArray(list, source) };
    }

    private static Type? KindOf(MemberInfo owner) => owner.GetCustomAttribute<ComponentKindAttribute>()?.Kind;

    // Only a route has something to turn off.
    private static bool CanBeOff(MemberInfo owner) => owner.DeclaringType == typeof(RouteConfig);

    private static string NameOf(Type? kind, bool canBeOff) =>
        (canBeOff ? "route_" : "") + (kind is null ? "component" : System.Text.Json.JsonNamingPolicy.SnakeCaseLower.ConvertName(kind.Name[1..]));

    private IEnumerable<(string Name, Type? Options, Type Class)> OfKind(Type? kind)
    {
        var found = registry.All
            .Where(component => kind?.IsAssignableFrom(component.Type) == true)
            .Select(component => (component.Name, component.OptionsType, component.Type));

        // The engine's own entry of a listener's list, which no class stands for.
        return (kind == typeof(IConnectionFilter) ? found.Append(("tls", typeof(TlsOptions), typeof(TlsOptions))) : found)
            .OrderBy(component => component.Item1, StringComparer.Ordinal);
    }

    private JsonObject Bare(Type? kind)
    {
        var optional = OfKind(kind).Where(c => c.Options is null || ObjectPlan.Of(c.Options)?.Properties.Any(p => p.IsRequired) != true).ToList();
        var names = Names(optional.Select(component => component.Name));
        return optional.Count == 0
            ? ScalarSchema.Pattern(kind is null ? $"[a-z][a-z0-9_]*({Instance})?" : @"[a-z][a-z0-9_]*/[A-Za-z0-9_.-]+|.*\$\{.*")
            : new JsonObject
            {
                ["anyOf"] = new JsonArray(
                    new JsonObject
                    {
                        ["enum"] = names,
                        ["enumDescriptions"] = new JsonArray([.. optional.Select(component => (JsonNode)docs.Of(component.Class))]),
                    },
                    ScalarSchema.Pattern($"({string.Join('|', optional.Select(component => component.Name))}){Instance}")),
            };
    }

    private JsonObject Mapping(Type? kind, bool canBeOff)
    {
        var properties = new JsonObject();
        var instances = new JsonObject();
        foreach (var (name, options, type) in OfKind(kind))
        {
            var value = Options(kind, options, canBeOff);
            properties[name] = docs.Of(type) is { Length: > 0 } description ? value.Set("description", description) : value;
            instances[$"^{name}{Instance}$"] = Options(kind, options, canBeOff);
        }

        return new JsonObject
        {
            ["type"] = "object",
            ["minProperties"] = 1,
            ["maxProperties"] = 1,
            ["additionalProperties"] = kind is null,
            ["properties"] = properties,
            ["patternProperties"] = instances,
        };
    }

    private JsonObject Options(Type? kind, Type? type, bool canBeOff)
    {
        var options = type is null || ObjectPlan.Of(type) is null
            ? new JsonObject { ["type"] = "object" }
            : schema.Define(ConfigSchema.DefinitionOf(type), () => kind == typeof(IHttpFilter) ? WithRules(schema.Record(type)) : schema.Record(type));
        var forms = new JsonArray(options, new JsonObject { ["type"] = "null" });
        if (canBeOff)
        {
            forms.Add(new JsonObject { ["enum"] = new JsonArray("off", false) });
        }

        return new JsonObject { ["anyOf"] = forms };
    }

    // What every HTTP filter may have besides its own options.
    private JsonObject WithRules(JsonObject options)
    {
        var own = options["properties"]!.AsObject();
        foreach (var (key, value) in schema.Record(typeof(FilterRulesConfig))["properties"]!.AsObject().ToList())
        {
            own.TryAdd(key, value!.DeepClone());
        }

        return options;
    }

    private static JsonArray Names(IEnumerable<string> names) => new([.. names.Order(StringComparer.Ordinal).Select(name => (JsonNode)name)]);
}
