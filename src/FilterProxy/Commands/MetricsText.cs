using System.Globalization;
using System.Text;

namespace FilterProxy.Host.Commands;

/// <summary>The metrics of a moment, read from the Prometheus text format.</summary>
internal sealed class MetricsText
{
    private readonly Dictionary<string, List<(Dictionary<string, string> Labels, double Value)>> _samples = [];

    public static MetricsText Parse(string text)
    {
        var metrics = new MetricsText();
        foreach (var line in text.AsSpan().EnumerateLines())
        {
            if (!line.IsEmpty && line[0] != '#')
            {
                metrics.Add(line);
            }
        }

        return metrics;
    }

    /// <summary>The samples of a name; none where there are none.</summary>
    public IEnumerable<(Dictionary<string, string> Labels, double Value)> Of(string name) => _samples.GetValueOrDefault(name) ?? [];

    /// <summary>The sum over all labels.</summary>
    public double Sum(string name) => Of(name).Sum(sample => sample.Value);

    private void Add(ReadOnlySpan<char> line)
    {
        var end = line.IndexOfAny('{', ' ');
        if (end < 0)
        {
            return;
        }

        var name = line[..end].ToString();
        var labels = new Dictionary<string, string>();
        var rest = line[end..];
        if (rest[0] == '{')
        {
            rest = ReadLabels(rest[1..], labels);
        }

        var value = rest.Trim();
        var space = value.IndexOf(' ');
        value = space < 0 ? value : value[..space];
        if (double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out var number))
        {
            if (!_samples.TryGetValue(name, out var samples))
            {
                _samples.Add(name, samples = []);
            }

            samples.Add((labels, number));
        }
    }

    private static ReadOnlySpan<char> ReadLabels(ReadOnlySpan<char> text, Dictionary<string, string> labels)
    {
        while (!text.IsEmpty && text[0] != '}')
        {
            var equals = text.IndexOf("=\"", StringComparison.Ordinal);
            if (equals < 0)
            {
                return default;
            }

            var key = text[..equals].ToString();
            text = text[(equals + 2)..];
            var value = new StringBuilder();
            var i = 0;
            for (; i < text.Length && text[i] != '"'; i++)
            {
                if (text[i] == '\\' && i + 1 < text.Length)
                {
                    i++;
                    value.Append(text[i] == 'n' ? '\n' : text[i]);
                }
                else
                {
                    value.Append(text[i]);
                }
            }

            labels[key] = value.ToString();
            text = text[Math.Min(i + 1, text.Length)..].TrimStart(',');
        }

        return text.IsEmpty ? text : text[1..];
    }
}
