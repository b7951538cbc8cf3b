using System.Globalization;
using System.Text;

namespace FilterProxy.Core.Telemetry.Metrics;

/// <summary>The labels of one series, written out once: as the exposition has them, and as instruments have them.</summary>
internal sealed class Labels
{
    /// <summary>A series without labels.</summary>
    public static readonly Labels None = new();

    private readonly KeyValuePair<string, object?>[] _tags;

    /// <param name="tags">Names as OpenTelemetry writes them; a null or empty value leaves the label out.</param>
    public Labels(params ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var kept = new List<KeyValuePair<string, object?>>(tags.Length);
        var text = new StringBuilder();
        foreach (var tag in tags)
        {
            if (Convert.ToString(tag.Value, CultureInfo.InvariantCulture) is { Length: > 0 } value)
            {
                kept.Add(tag);
                text.Append(text.Length > 0 ? "," : "").Append(MetricInfo.Spell(tag.Key)).Append("=\"");
                Escape(value, text);
                text.Append('"');
            }
        }

        _tags = [.. kept];
        Text = Encoding.UTF8.GetBytes(text.ToString());
    }

    /// <summary><c>name="value",…</c>, escaped; empty without labels.</summary>
    public ReadOnlyMemory<byte> Text { get; }

    public ReadOnlySpan<KeyValuePair<string, object?>> Tags => _tags;

    /// <summary>All labels of a metric with the value that stands for what is over the limit on series.</summary>
    public static Labels Other(MetricInfo metric) =>
        new([.. metric.Labels.Select(name => new KeyValuePair<string, object?>(name, "other"))]);

    // Backslash, quote and line feed are all that has a meaning; other control characters would only garble what shows them.
    private static void Escape(string value, StringBuilder text)
    {
        foreach (var c in value)
        {
            _ = c switch
            {
                '\\' => text.Append(@"\\"),
                '"' => text.Append("\\\""),
                '\n' => text.Append(@"\n"),
                < ' ' or '\x7f' => text.Append('\uFFFD'),
                _ => text.Append(c),
            };
        }
    }
}
