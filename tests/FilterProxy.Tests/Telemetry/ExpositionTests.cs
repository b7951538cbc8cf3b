using System.Buffers;
using System.Diagnostics.Metrics;
using System.IO.Pipelines;
using System.Text;
using FilterProxy.Core.Telemetry.Metrics;
using Xunit;

namespace FilterProxy.Tests.Telemetry;

public sealed class ExpositionTests : IDisposable
{
    private readonly Meter _meter = new("FilterProxy.Test");
    private readonly MetricsRegistry _registry;

    public ExpositionTests() => _registry = new MetricsRegistry(_meter, TimeProvider.System, static () => 0);

    [Fact]
    public void A_counter_is_written_as_each_format_wants_it()
    {
        _registry.Add(new MetricInfo("a.requests", MetricKind.Counter, "{request}", "Requests.", "route"), into =>
            into.Add(new Sample(new Labels(new KeyValuePair<string, object?>("http.route", "x")), 3)));

        Assert.Contains("# TYPE a_requests_total counter\n# HELP a_requests_total Requests.\na_requests_total{http_route=\"x\"} 3\n", Write(MetricsFormat.Prometheus), StringComparison.Ordinal);
        Assert.Contains("# TYPE a_requests counter\n# HELP a_requests Requests.\na_requests_total{http_route=\"x\"} 3\n", Write(MetricsFormat.OpenMetrics), StringComparison.Ordinal);
        Assert.EndsWith("# EOF\n", Write(MetricsFormat.OpenMetrics), StringComparison.Ordinal);
    }

    [Fact]
    public void A_histogram_has_growing_buckets_a_sum_and_its_exemplars_in_OpenMetrics()
    {
        var series = new HistogramSeries(new Labels(new KeyValuePair<string, object?>("route", "x")), new Buckets([0.5, 1], 1000));
        series.Record(400);
        series.Record(900);
        series.Record(5_000);
        series.Keep(900, new Exemplar("0123456789abcdef0123456789abcdef", "0123456789abcdef", 0.9, DateTimeOffset.UnixEpoch.AddSeconds(10)));
        _registry.Add(new MetricInfo("a.time", MetricKind.Histogram, "s", "Times."), into => into.Add(new Sample(series.Labels, 0, series)));

        Assert.Contains(
            """
            # TYPE a_time_seconds histogram
            # UNIT a_time_seconds seconds
            # HELP a_time_seconds Times.
            a_time_seconds_bucket{route="x",le="0.5"} 1
            a_time_seconds_bucket{route="x",le="1.0"} 2 # {trace_id="0123456789abcdef0123456789abcdef",span_id="0123456789abcdef"} 0.9 10.000
            a_time_seconds_bucket{route="x",le="+Inf"} 3
            a_time_seconds_sum{route="x"} 6.3
            a_time_seconds_count{route="x"} 3

            """,
            Write(MetricsFormat.OpenMetrics),
            StringComparison.Ordinal);
        Assert.DoesNotContain("trace_id", Write(MetricsFormat.Prometheus), StringComparison.Ordinal);
    }

    [Fact]
    public void Label_values_cannot_break_out_of_their_quotes()
    {
        _registry.Add(new MetricInfo("a", MetricKind.Gauge, "", "", "x"), into =>
            into.Add(new Sample(new Labels(new KeyValuePair<string, object?>("x", "a\"} 1\nb\\c\r\0é")), 1)));

        Assert.Contains("a{x=\"a\\\"} 1\\nb\\\\c\uFFFD\uFFFDé\"} 1\n", Write(MetricsFormat.Prometheus), StringComparison.Ordinal);
    }

    [Fact]
    public void What_others_record_to_the_meter_is_written_too()
    {
        _registry.Start();
        var counter = _meter.CreateCounter<long>("plugin.things", "{thing}", "Things.");
        var times = _meter.CreateHistogram<double>("plugin.time", "s", "Times.");
        _meter.CreateObservableGauge("plugin.size", static () => new Measurement<int>(7, new KeyValuePair<string, object?>("of", "x")), "By");
        counter.Add(2, new KeyValuePair<string, object?>("kind", "a"));
        counter.Add(3, new KeyValuePair<string, object?>("kind", "a"));
        times.Record(0.02);

        var text = Write(MetricsFormat.Prometheus);

        Assert.Contains("plugin_things_total{kind=\"a\"} 5\n", text, StringComparison.Ordinal);
        Assert.Contains("plugin_size_bytes{of=\"x\"} 7\n", text, StringComparison.Ordinal);
        Assert.Contains("plugin_time_seconds_bucket{le=\"0.025\"} 1\n", text, StringComparison.Ordinal);
        Assert.Contains("dotnet_gc_collections_total{", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Label_sets_over_the_limit_are_counted_as_other_and_as_dropped()
    {
        _registry.Apply(true, 2, MetricsRegistry.DefaultBounds);
        _registry.Start();
        var counter = _meter.CreateCounter<long>("plugin.things");
        for (var i = 0; i < 10; i++)
        {
            counter.Add(1, new KeyValuePair<string, object?>("id", i));
        }

        var text = Write(MetricsFormat.Prometheus);

        Assert.Contains("plugin_things_total{id=\"1\"} 1\n", text, StringComparison.Ordinal);
        Assert.DoesNotContain("plugin_things_total{id=\"2\"}", text, StringComparison.Ordinal);
        Assert.Contains("plugin_things_total{id=\"other\"} 8\n", text, StringComparison.Ordinal);
        Assert.Contains("filterproxy_metrics_dropped_series_total{metric=\"plugin.things\"} 8\n", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_reads_gets_the_same_in_slices()
    {
        _registry.Add(new MetricInfo("many", MetricKind.Gauge, "", "", "x"), into =>
            into.AddRange(Enumerable.Range(0, 5_000).Select(i => new Sample(new Labels(new KeyValuePair<string, object?>("x", i)), i))));
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 40_000, resumeWriterThreshold: 20_000));
        var writing = Task.Run(async () =>
        {
            await new MetricsExposition(_registry).WriteAsync(pipe.Writer, MetricsFormat.OpenMetrics, CancellationToken.None);
            await pipe.Writer.CompleteAsync();
        });
        using var reader = new StreamReader(pipe.Reader.AsStream());

        var text = await reader.ReadToEndAsync();
        await writing;

        Assert.Equal(Write(MetricsFormat.OpenMetrics), text);
    }

    [Theory]
    [InlineData(null, false)]
    [InlineData("*/*", false)]
    [InlineData("text/plain;version=0.0.4", false)]
    [InlineData("application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3", true)]
    [InlineData("application/openmetrics-text;q=0,text/plain", false)]
    public void The_collector_chooses_the_format(string? accept, bool open) =>
        Assert.Equal(open ? MetricsFormat.OpenMetrics : MetricsFormat.Prometheus, MetricsExposition.Negotiate(accept));

    public void Dispose()
    {
        _registry.Dispose();
        _meter.Dispose();
    }

    private string Write(MetricsFormat format)
    {
        var buffer = new ArrayBufferWriter<byte>();
        new MetricsExposition(_registry).Write(buffer, format);
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }
}
