using System.Globalization;
using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using FilterProxy.Core.Config.Binding;

namespace FilterProxy.Core.Config.Schema;

/// <summary>An option as a reader sees it: its key, type, default and meaning.</summary>
/// <param name="Key">As it is written.</param>
/// <param name="Type">In words, e.g. <c>duration</c> or <c>list of text</c>.</param>
/// <param name="Default">In the words of the doc comment, else as it would be written; empty for a required option.</param>
/// <param name="Meaning">The doc comment without its default.</param>
/// <param name="IsRequired">Whether it must be there.</param>
internal sealed record OptionDescription(string Key, string Type, string Default, string Meaning, bool IsRequired)
{
    private const string DefaultMark = " Default: ";

    /// <summary>The options of a record, in the order of their declaration.</summary>
    public static IReadOnlyList<OptionDescription> Of(Type record, XmlDocs docs)
    {
        var instance = Activator.CreateInstance(record)!;
        return [.. ObjectPlan.Of(record)!.Properties.Select(property => Of(property, instance, docs))];
    }

    /// <summary>A value as it would be written; null for what has no short form.</summary>
    public static string? Format(object? value) => value switch
    {
        null => null,
        bool flag => flag ? "true" : "false",
        string text => text,
        Enum name => JsonNamingPolicy.SnakeCaseLower.ConvertName(name.ToString()),
        TimeSpan time => Format(time),
        ComponentConfig component => component.Key,
        ByteSize or IPAddress or IPNetwork => value.ToString(),
        IFormattable number when value.GetType().IsPrimitive => number.ToString(null, CultureInfo.InvariantCulture),
        _ => null,
    };

    private static OptionDescription Of(ObjectPlan.Property property, object instance, XmlDocs docs)
    {
        var text = docs.Of(property.Info);
        var mark = text.LastIndexOf(DefaultMark, StringComparison.Ordinal);
        var meaning = mark < 0 ? text : text[..mark];
        var stated = mark < 0 ? null : text[(mark + DefaultMark.Length)..].TrimEnd('.');
        var actual = Format(property.Info.GetValue(instance));
        var written = property.IsRequired ? "" : stated ?? (actual is null ? Nothing(property.Type) : $"`{actual}`");

        // What is a plain value is shown as one.
        return new OptionDescription(
            property.Key, Words(property.Type), written.Length > 0 && written == actual ? $"`{written}`" : written, meaning, property.IsRequired);
    }

    private static string Nothing(Type type) =>
        CollectionForm.ItemOf(type) is not null || CollectionForm.EntryOf(type) is not null || type == typeof(string) ? "none" : "";

    private static string Words(Type type)
    {
        var target = Nullable.GetUnderlyingType(type) ?? type;
        if (CollectionForm.EntryOf(target) is var (_, value))
        {
            return $"{Words(value)} by name";
        }

        if (CollectionForm.ItemOf(target) is { } item)
        {
            return $"list of {Words(item)}";
        }

        return target switch
        {
            _ when target == typeof(TimeSpan) => "duration",
            _ when target == typeof(ByteSize) => "size",
            _ when target == typeof(bool) => "true or false",
            _ when target == typeof(string) => "text",
            _ when target == typeof(IPNetwork) => "network",
            _ when target == typeof(IPAddress) => "IP address",
            _ when target == typeof(Uri) => "URL",
            _ when target == typeof(ComponentConfig) => "component",
            _ when target == typeof(JsonNode) => "anything",
            { IsEnum: true } => string.Join(", ", Enum.GetNames(target).Select(name => $"`{JsonNamingPolicy.SnakeCaseLower.ConvertName(name)}`")),
            { IsPrimitive: true } => target == typeof(float) || target == typeof(double) ? "number" : "whole number",
            _ => JsonNamingPolicy.SnakeCaseLower.ConvertName(WithoutSuffix(target.Name)).Replace('_', ' '),
        };
    }

    private static string WithoutSuffix(string name) =>
        name.EndsWith("Config", StringComparison.Ordinal) ? name[..^"Config".Length]
        : name.EndsWith("Options", StringComparison.Ordinal) ? name[..^"Options".Length]
        : name;

    private static string Format(TimeSpan time)
    {
        (double Count, string Unit)[] units =
            [(time.TotalDays, "d"), (time.TotalHours, "h"), (time.TotalMinutes, "m"), (time.TotalSeconds, "s"), (time.TotalMilliseconds, "ms")];
        if (time == TimeSpan.Zero)
        {
            return "off";
        }

        // As people write it: 75s, not 1.25m; 60s, not 1m.
        var (count, unit) = time < TimeSpan.FromMinutes(2) && time >= TimeSpan.FromSeconds(1)
            ? units[3]
            : units.FirstOrDefault(candidate => candidate.Count >= 1 && Math.Floor(candidate.Count) == candidate.Count, units[4]);
        return string.Create(CultureInfo.InvariantCulture, $"{count}{unit}");
    }
}
