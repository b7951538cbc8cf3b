using System.Buffers;
using System.Buffers.Text;
using System.Globalization;
using System.Text;

namespace FilterProxy.Core.Telemetry.Metrics;

/// <summary>Writes metrics as text: the Prometheus format 0.0.4 or OpenMetrics 1.0.</summary>
internal sealed class ExpositionWriter(IBufferWriter<byte> output, MetricsFormat format)
{
    private readonly bool _isOpen = format == MetricsFormat.OpenMetrics;
    private byte[] _name = [];

    /// <summary>Bytes since the caller last set it.</summary>
    public int Written { get; set; }

    /// <summary>Says what a metric is. Nothing for one without series.</summary>
    public void Begin(MetricInfo metric, int series)
    {
        if (series == 0)
        {
            return;
        }

        // OpenMetrics names the family, the older format what its lines are called.
        var family = _isOpen ? metric.ExposedName : metric.QueryName;
        _name = Encoding.ASCII.GetBytes(metric.QueryName);
        Append($"# TYPE {family} {metric.Kind switch { MetricKind.Counter => "counter", MetricKind.Gauge => "gauge", _ => "histogram" }}\n");
        if (_isOpen && metric.ExposedUnit.Length > 0)
        {
            Append($"# UNIT {family} {metric.ExposedUnit}\n");
        }

        if (metric.Help.Length > 0)
        {
            var help = metric.Help.Replace(@"\", @"\\", StringComparison.Ordinal).Replace("\n", @"\n", StringComparison.Ordinal);
            Append($"# HELP {family} {(_isOpen ? help.Replace("\"", "\\\"", StringComparison.Ordinal) : help)}\n");
        }
    }

    /// <summary>One series of the metric that was begun.</summary>
    public void Write(MetricInfo metric, in Sample sample)
    {
        if (sample.Histogram is { } histogram)
        {
            Write(sample.Labels, histogram);
        }
        else
        {
            AppendSeries(_name, default, sample.Labels.Text.Span, default);
            Append(sample.Value);
            Append("\n"u8);
        }
    }

    /// <summary>After the last metric.</summary>
    public void End() => Append(_isOpen ? "# EOF\n"u8 : default);

    private void Write(Labels labels, IHistogram histogram)
    {
        var text = labels.Text.Span;
        var buckets = histogram.Buckets;
        var count = 0L;
        for (var i = 0; i < buckets.Count; i++)
        {
            count += histogram.CountOf(i);
            AppendSeries(_name, "_bucket"u8, text, buckets.Names[i]);
            Append(count);
            if (_isOpen && histogram.ExemplarOf(i) is { } exemplar)
            {
                Append(exemplar);
            }

            Append("\n"u8);
        }

        AppendSeries(_name, "_sum"u8, text, default);
        Append(histogram.Sum);
        Append("\n"u8);
        AppendSeries(_name, "_count"u8, text, default);
        Append(count);
        Append("\n"u8);
    }

    private void AppendSeries(ReadOnlySpan<byte> name, ReadOnlySpan<byte> suffix, ReadOnlySpan<byte> labels, ReadOnlySpan<byte> bound)
    {
        Append(name);
        Append(suffix);
        if (labels.Length + bound.Length > 0)
        {
            Append("{"u8);
            Append(labels);
            if (bound.Length > 0)
            {
                Append(labels.Length > 0 ? ",le=\""u8 : "le=\""u8);
                Append(bound);
                Append("\""u8);
            }

            Append("}"u8);
        }

        Append(" "u8);
    }

    private void Append(Exemplar exemplar)
    {
        var seconds = exemplar.Time.ToUnixTimeMilliseconds() / 1000.0;
        Append(string.Create(
            CultureInfo.InvariantCulture, $" # {{trace_id=\"{exemplar.TraceId}\",span_id=\"{exemplar.SpanId}\"}} {exemplar.Value:R} {seconds:0.000}"));
    }

    private void Append(string text)
    {
        var span = output.GetSpan(Encoding.UTF8.GetMaxByteCount(text.Length));
        Advance(Encoding.UTF8.GetBytes(text, span));
    }

    private void Append(ReadOnlySpan<byte> bytes)
    {
        output.Write(bytes);
        Written += bytes.Length;
    }

    private void Append(long value)
    {
        Utf8Formatter.TryFormat(value, output.GetSpan(20), out var written);
        Advance(written);
    }

    private void Append(double value)
    {
        if (value == Math.Floor(value) && Math.Abs(value) < 1e15)
        {
            Append((long)value);
            return;
        }

        if (!double.IsFinite(value))
        {
            Append(double.IsNaN(value) ? "NaN"u8 : value > 0 ? "+Inf"u8 : "-Inf"u8);
            return;
        }

        value.TryFormat(output.GetSpan(32), out var written, "R", CultureInfo.InvariantCulture);
        Advance(written);
    }

    private void Advance(int count)
    {
        output.Advance(count);
        Written += count;
    }
}
