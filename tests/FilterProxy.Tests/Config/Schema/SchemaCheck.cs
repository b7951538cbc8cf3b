using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace FilterProxy.Tests.Config.Schema;

/// <summary>Checks a document against a JSON schema: the keywords our schema uses, and no others.</summary>
internal sealed class SchemaCheck
{
    private static readonly HashSet<string> Annotations = ["$schema", "title", "description", "definitions", "enumDescriptions"];
    private readonly JsonNode _root;
    private readonly List<string> _errors = [];

    private SchemaCheck(JsonNode root) => _root = root;

    /// <summary>What does not fit; empty when all does.</summary>
    public static IReadOnlyList<string> Run(JsonNode schema, JsonNode? document)
    {
        var check = new SchemaCheck(schema);
        check.Check(schema.AsObject(), document, "");
        return check._errors;
    }

    private void Check(JsonObject schema, JsonNode? value, string path)
    {
        foreach (var (keyword, argument) in schema)
        {
            if (!Annotations.Contains(keyword) && !Holds(keyword, argument!, schema, value, path))
            {
                _errors.Add($"{path}: {keyword} {argument!.ToJsonString()}");
            }
        }
    }

    private bool Holds(string keyword, JsonNode argument, JsonObject schema, JsonNode? value, string path)
    {
        var map = value as JsonObject;
        switch (keyword)
        {
            case "$ref":
                Check(_root["definitions"]![argument.GetValue<string>()["#/definitions/".Length..]]!.AsObject(), value, path);
                return true;
            case "anyOf":
                return argument.AsArray().Any(option => Fits(option!.AsObject(), value));
            case "type":
                return (argument is JsonArray types ? types.Select(t => t!.GetValue<string>()) : [argument.GetValue<string>()]).Any(type => IsA(type, value));
            case "enum":
                return argument.AsArray().Any(option => JsonNode.DeepEquals(option, value));
            case "pattern":
                return Kind(value) != JsonValueKind.String || Regex.IsMatch(value!.GetValue<string>(), argument.GetValue<string>());
            case "minimum":
                return Kind(value) != JsonValueKind.Number || Number(value!) >= Number(argument);
            case "maximum":
                return Kind(value) != JsonValueKind.Number || Number(value!) <= Number(argument);
            case "items":
                foreach (var (index, item) in (value as JsonArray ?? []).Index())
                {
                    Check(argument.AsObject(), item, $"{path}[{index}]");
                }

                return true;
            case "required":
                return map is null || argument.AsArray().All(name => map.ContainsKey(name!.GetValue<string>()));
            case "minProperties":
                return map is null || map.Count >= argument.GetValue<int>();
            case "maxProperties":
                return map is null || map.Count <= argument.GetValue<int>();
            case "properties" or "patternProperties":
                return true;
            case "additionalProperties":
                return map is null || map.All(entry => CheckEntry(schema, argument, entry.Key, entry.Value, $"{path}.{entry.Key}"));
            default:
                throw new NotSupportedException(keyword);
        }
    }

    private bool CheckEntry(JsonObject schema, JsonNode others, string name, JsonNode? value, string path)
    {
        var known = schema["properties"]?[name] ?? schema["patternProperties"]?.AsObject().FirstOrDefault(p => Regex.IsMatch(name, p.Key)).Value ?? others as JsonObject;
        if (known is null)
        {
            return others.GetValue<bool>();
        }

        Check(known.AsObject(), value, path);
        return true;
    }

    private bool Fits(JsonObject schema, JsonNode? value)
    {
        var attempt = new SchemaCheck(_root);
        attempt.Check(schema, value, "");
        return attempt._errors.Count == 0;
    }

    private static bool IsA(string type, JsonNode? value) => (type, Kind(value)) switch
    {
        ("object", JsonValueKind.Object) or ("array", JsonValueKind.Array) or ("string", JsonValueKind.String) => true,
        ("boolean", JsonValueKind.True or JsonValueKind.False) or ("null", JsonValueKind.Null) or ("number", JsonValueKind.Number) => true,
        ("integer", JsonValueKind.Number) => double.IsInteger(Number(value!)),
        _ => false,
    };

    private static JsonValueKind Kind(JsonNode? value) => value?.GetValueKind() ?? JsonValueKind.Null;

    private static double Number(JsonNode value) => double.Parse(value.ToJsonString(), System.Globalization.CultureInfo.InvariantCulture);
}
