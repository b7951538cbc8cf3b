using System.Reflection;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using FilterProxy.Core.Components;
using FilterProxy.Core.Config.Binding;

namespace FilterProxy.Core.Config.Schema;

/// <summary>
/// The JSON schema of a configuration, for editors to complete from: made of the records the binder binds, their doc comments, and
/// the components at hand. Draft 7, because that is what YAML editors know whole.
/// </summary>
internal sealed class ConfigSchema
{
    private const string Draft = "http://json-schema.org/draft-07/schema#";
    private static readonly JsonSerializerOptions Layout = new() { WriteIndented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly XmlDocs _docs = new();
    private readonly SortedDictionary<string, JsonObject> _definitions = new(StringComparer.Ordinal);
    private readonly ComponentSchema _components;

    private ConfigSchema(ComponentRegistry registry) => _components = new ComponentSchema(this, registry, _docs);

    /// <summary>The schema as text, the same for the same components.</summary>
    public static string Create(ComponentRegistry registry)
    {
        var schema = new ConfigSchema(registry);
        var root = new JsonObject { ["$schema"] = Draft, ["title"] = "FilterProxy configuration" };
        foreach (var (key, value) in schema.Record(typeof(ProxyConfig)).ToList())
        {
            root[key] = value?.DeepClone();
        }

        root["definitions"] = new JsonObject(schema._definitions.Select(d => KeyValuePair.Create(d.Key, (JsonNode?)d.Value)));
        return root.ToJsonString(Layout) + "\n";
    }

    /// <summary>A reference to a definition, which is made when it is first asked for.</summary>
    public JsonObject Define(string name, Func<JsonObject> make)
    {
        if (!_definitions.ContainsKey(name))
        {
            // Held before it is made: definitions may contain themselves.
            _definitions.Add(name, []);
            _definitions[name] = make();
        }

        return new JsonObject { ["$ref"] = $"#/definitions/{name}" };
    }

    /// <summary>A record as a mapping of its options.</summary>
    public JsonObject Record(Type type)
    {
        var plan = ObjectPlan.Of(type)!;
        var descriptions = OptionDescription.Of(type, _docs).ToDictionary(option => option.Key);
        var properties = new JsonObject();
        foreach (var property in plan.Properties)
        {
            var schema = Property(property);
            var option = descriptions[property.Key];
            var description = option.Default.Length == 0 ? option.Meaning : $"{option.Meaning} Default: {option.Default}.";
            properties[property.Key] = description.Length == 0 ? schema : schema.Set("description", description);
        }

        var record = new JsonObject { ["type"] = "object", ["additionalProperties"] = false };
        var required = plan.Properties.Where(property => property.IsRequired).Select(property => (JsonNode)property.Key).ToArray();
        if (required.Length > 0)
        {
            record["required"] = new JsonArray(required);
        }

        record["properties"] = properties;
        return record;
    }

    /// <summary>The values of a type.</summary>
    public JsonObject Value(Type type, MemberInfo owner, bool offIsNull = false)
    {
        var target = Nullable.GetUnderlyingType(type) ?? type;
        if (target == typeof(ComponentConfig))
        {
            return _components.Component(owner);
        }

        if (target == typeof(PluginConfig))
        {
            return _components.Plugin();
        }

        if (target == typeof(EndpointsConfig))
        {
            return Define("endpoints", () => _components.Endpoints(target));
        }

        if (CollectionForm.EntryOf(target) is var (_, value))
        {
            return new JsonObject { ["type"] = "object", ["additionalProperties"] = Value(value, owner) };
        }

        if (CollectionForm.ItemOf(target) is { } item)
        {
            return List(item, owner);
        }

        var scalar = ScalarSchema.Of(type, _docs, offIsNull);
        if (ObjectPlan.Of(target) is not { Properties.Count: > 0 } || target.IsValueType)
        {
            return scalar ?? new JsonObject();
        }

        var record = Define(DefinitionOf(target), () => Record(target));
        return scalar is null ? record : new JsonObject { ["anyOf"] = new JsonArray(record, scalar) };
    }

    /// <summary>What a definition of a record is called.</summary>
    public static string DefinitionOf(Type type)
    {
        var name = type.Name.EndsWith("Config", StringComparison.Ordinal) ? type.Name[..^"Config".Length] : type.Name;
        var plugin = type.Assembly == typeof(ConfigSchema).Assembly ? "" : type.Assembly.GetName().Name!.Split('.')[^1] + ".";
        return plugin + JsonNamingPolicy.SnakeCaseLower.ConvertName(name);
    }

    private JsonObject Property(ObjectPlan.Property property)
    {
        var schema = Value(property.Type, property.Info, property.OffIsNull);
        ScalarSchema.Restrict(schema, property.Rules);
        return schema;
    }

    // One item may stand for a list of one, where it is no mapping.
    private JsonObject List(Type item, MemberInfo owner)
    {
        var single = item == typeof(ComponentConfig) ? _components.BareName(owner)
            : item == typeof(PluginConfig) ? ScalarSchema.Pattern(ComponentSchema.PluginName)
            : ScalarSchema.Of(item, _docs);
        var list = new JsonObject { ["type"] = "array", ["items"] = Value(item, owner) };
        return single is null ? list : new JsonObject { ["anyOf"] = new JsonArray(list, single) };
    }
}
