using System.Globalization;
using System.Text.Json.Nodes;
using FilterProxy.Core.Config.Tree;

namespace FilterProxy.Core.Config.Binding;

/// <summary>An option that may hold anything, as JSON would: for what a component hands on without looking into it.</summary>
internal static class AnyForm
{
    public static object? Bind(ConfigBinder binder, ConfigNode node, string path, out bool bound)
    {
        bound = true;
        return Of(node) ?? new JsonObject();
    }

    private static JsonNode? Of(ConfigNode node) => node switch
    {
        ConfigMapping mapping => new JsonObject(mapping.Entries.Select(entry => KeyValuePair.Create(entry.Name, Of(entry.Value)))),
        ConfigSequence sequence => new JsonArray([.. sequence.Items.Select(Of)]),
        ConfigScalar { IsNull: true } => null,
        ConfigScalar scalar => Of(scalar),
        _ => throw new InvalidOperationException($"{node.Description} cannot be an option of any kind."),
    };

    private static JsonValue Of(ConfigScalar scalar) => scalar switch
    {
        { Text: "true" or "false" } => JsonValue.Create(scalar.Text == "true"),

        // Quoting does not count anywhere: a number is what would be written so again, so that 007 and 1.10 stay what they are.
        _ when double.TryParse(scalar.Text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number)
            && number.ToString(CultureInfo.InvariantCulture) == scalar.Text => JsonValue.Create(number),
        _ => JsonValue.Create(scalar.Text),
    };
}
