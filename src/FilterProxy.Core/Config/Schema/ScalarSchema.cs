using System.ComponentModel.DataAnnotations;
using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using FilterProxy.Core.Config.Binding;

namespace FilterProxy.Core.Config.Schema;

/// <summary>
/// How a single value may look to an editor. Wherever the binder takes a text, a variable or file may stand, so that numbers and
/// switches are texts as well.
/// </summary>
internal static class ScalarSchema
{
    // ${NAME} anywhere, or a whole value from a file.
    private const string Substituted = @".*\$\{.*|file:/[^/].*";
    private const string Duration = @"off|0|(([0-9]+(\.[0-9]*)?|\.[0-9]+)(us|ms|s|m|h|d))+";
    private const string Size = @"([0-9]+(\.[0-9]*)?|\.[0-9]+) *([bB]|[kKmMgGtT][iI]?[bB])?";
    private const string Network = @"[0-9a-fA-F:.]+(/[0-9]{1,3})?";

    /// <summary>The schema of a type that is written as a single value; null for any other.</summary>
    public static JsonObject? Of(Type type, XmlDocs docs, bool offIsNull = false)
    {
        var target = Nullable.GetUnderlyingType(type) ?? type;
        if (ScalarForm.Of(target) is null)
        {
            return null;
        }

        var off = offIsNull || (target != type && !target.IsEnum && target != typeof(bool)) ? "off|" : "";
        if (target.IsEnum)
        {
            return Enumeration(target, docs);
        }

        return target switch
        {
            _ when target == typeof(TimeSpan) => Text(Duration, "string", "integer").Set("minimum", 0).Set("maximum", 0),
            _ when target == typeof(ByteSize) => Text(off + Size, "string", "integer").Set("minimum", 0),
            _ when target == typeof(bool) => Text("true|false|on|off|yes|no", "boolean", "string"),
            _ when target == typeof(IPNetwork) => Text(Network, "string"),
            _ when target == typeof(IPAddress) => Text(off + "[0-9a-fA-F:.]+", "string"),
            _ when target == typeof(float) || target == typeof(double) || target == typeof(decimal) =>
                Text(off + @"[-+]?[0-9.]+([eE][-+]?[0-9]+)?", "number", "string"),
            { IsPrimitive: true } => Text(off + "[-+]?[0-9]+", "integer", "string"),

            // YAML reads 1 and true as something else than text; the binder takes them as they are written.
            _ => new JsonObject { ["type"] = new JsonArray("string", "number", "boolean") },
        };
    }

    /// <summary>What the validation attributes of an option allow.</summary>
    public static void Restrict(JsonObject schema, IEnumerable<ValidationAttribute> rules)
    {
        foreach (var rule in rules)
        {
            if (rule is RangeAttribute range)
            {
                schema["minimum"] = Convert.ToInt64(range.Minimum, null);
                schema["maximum"] = Convert.ToInt64(range.Maximum, null);
            }
            else if (rule is AllowedValuesAttribute allowed)
            {
                var values = allowed.Values.Where(value => value is not null).Select(value => JsonSerializer.SerializeToNode(value)).ToArray();
                schema["anyOf"] = new JsonArray(new JsonObject { ["enum"] = new JsonArray(values) }, Pattern(Substituted));
            }
        }
    }

    public static JsonObject Pattern(string pattern) => new() { ["type"] = "string", ["pattern"] = $"^({pattern})$" };

    public static JsonObject Set(this JsonObject schema, string key, JsonNode? value)
    {
        schema[key] = value;
        return schema;
    }

    private static JsonObject Enumeration(Type type, XmlDocs docs)
    {
        var names = Enum.GetNames(type);
        return new JsonObject
        {
            ["anyOf"] = new JsonArray(
                new JsonObject
                {
                    ["enum"] = new JsonArray([.. names.Select(name => (JsonNode)JsonNamingPolicy.SnakeCaseLower.ConvertName(name))]),
                    ["enumDescriptions"] = new JsonArray([.. names.Select(name => (JsonNode)docs.Of(type.GetField(name)!))]),
                },
                Pattern(Substituted)),
        };
    }

    private static JsonObject Text(string pattern, params string[] types) => new()
    {
        ["type"] = types.Length == 1 ? types[0] : new JsonArray([.. types.Select(type => (JsonNode)type)]),
        ["pattern"] = $"^({pattern}|{Substituted})$",
    };
}
