using System.Collections;
using System.Globalization;
using System.Net;
using System.Runtime.CompilerServices;
using System.Text.Json;
using FilterProxy.Core.Config;
using FilterProxy.Core.Config.Tree;

namespace FilterProxy.Hosting.Model;

/// <summary>
/// Makes of a value in code what would be read from a file, so that the same binder and the same checks take it. The place of a node is
/// its path: <c>routes[0].match.path</c>.
/// </summary>
internal static class ConfigValue
{
    /// <summary>Whether a value is written out as text, list or mapping, other than an object of a named type.</summary>
    public static bool IsWritten(object value) =>
        value is ConfigDraft or IEnumerable || TextOf(value) is not null || IsAnonymous(value.GetType());

    /// <summary>The node of a value.</summary>
    /// <param name="value">From code.</param>
    /// <param name="path">Where it stands.</param>
    public static ConfigNode NodeOf(object? value, string path) => value switch
    {
        null => new ConfigScalar(Place(path), "", isNull: true),
        ConfigDraft draft => draft.ToTree(path),
        ReadyOptions options => new ConfigInstance(Place(path), options.Value),
        _ when TextOf(value) is { } text => new ConfigScalar(Place(path), text),
        _ when EntriesOf(value) is { } entries => MappingOf(entries, path),
        IEnumerable list => new ConfigSequence(
            Place(path), [.. list.Cast<object?>().Select((item, i) => NodeOf(item, string.Create(CultureInfo.InvariantCulture, $"{path}[{i}]")))]),

        // Nothing a configuration can hold; the binder says what it wants instead.
        _ => new ConfigInstance(Place(path), value),
    };

    /// <summary>What is in a dictionary or an anonymous object; null for any other value.</summary>
    public static IEnumerable<KeyValuePair<string, object?>>? EntriesOf(object value) => value switch
    {
        IDictionary map => map.Keys.Cast<object>().Select(key => new KeyValuePair<string, object?>(key.ToString()!, map[key])),
        _ when IsAnonymous(value.GetType()) => value.GetType().GetProperties().Select(
            property => new KeyValuePair<string, object?>(JsonNamingPolicy.SnakeCaseLower.ConvertName(property.Name), property.GetValue(value))),
        _ => null,
    };

    /// <summary>The mapping of these entries.</summary>
    public static ConfigMapping MappingOf(IEnumerable<KeyValuePair<string, object?>> entries, string path) => new(
        Place(path),
        [.. entries.Select(entry => (entry.Key, entry.Value, Path: path.Length == 0 ? entry.Key : $"{path}.{entry.Key}"))
            .Select(entry => new ConfigEntry(entry.Key, Place(entry.Path), NodeOf(entry.Value, entry.Path)))]);

    // A place without a line is shown as its name alone.
    public static SourceLocation Place(string path) => new(path.Length == 0 ? "the configuration" : path, 0, 0);

    private static string? TextOf(object value) => value switch
    {
        string text => text,
        bool flag => flag ? "true" : "false",
        TimeSpan duration => string.Create(CultureInfo.InvariantCulture, $"{duration.TotalMicroseconds:0}us"),
        Enum member => JsonNamingPolicy.SnakeCaseLower.ConvertName(member.ToString()),
        IPAddress or IPNetwork or EndPoint or Uri => value.ToString(),
        ByteSize size => size.Bytes.ToString(CultureInfo.InvariantCulture),
        IFormattable number when value.GetType().IsPrimitive || value is decimal => number.ToString(null, CultureInfo.InvariantCulture),
        _ => null,
    };

    private static bool IsAnonymous(Type type) =>
        type.IsDefined(typeof(CompilerGeneratedAttribute), false) && type.Name.Contains("AnonymousType", StringComparison.Ordinal);
}
