using System.Diagnostics.Metrics;
using System.Text;
using System.Text.RegularExpressions;
using FilterProxy.Core;
using FilterProxy.Core.Telemetry.Metrics;
using FilterProxy.Tests.Config.Schema;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace FilterProxy.Tests.Telemetry;

public sealed partial class MetricsReferenceTests
{
    [GeneratedRegex(@"(?<=<!-- metrics -->\n).*?(?=<!-- /metrics -->)", RegexOptions.Singleline)]
    private static partial Regex Table { get; }

    [Fact]
    public async Task The_table_of_metrics_is_what_the_engine_has()
    {
        var metrics = (await MetricsAsync()).Where(metric => !metric.Name.StartsWith("dotnet.", StringComparison.Ordinal));
        Generated.AssertCurrent(Repository.PathOf("docs/operations/telemetry.md"), text => Table.Replace(text, $"\n{Make(metrics)}\n"));
    }

    [Fact]
    public async Task Every_metric_has_a_unit_that_is_spelled_and_a_sentence()
    {
        Assert.All((await MetricsAsync()).Where(metric => !metric.Name.StartsWith("dotnet.", StringComparison.Ordinal)), metric =>
        {
            Assert.EndsWith(".", metric.Help, StringComparison.Ordinal);
            Assert.Matches("^[a-z_.]+$", metric.Name);
            Assert.Matches(@"^(s|By|\{[a-z_]+\}|)$", metric.Unit);
        });
    }

    [Fact]
    public async Task The_dashboard_asks_for_metrics_that_there_are()
    {
        var there = (await MetricsAsync()).SelectMany(metric => metric.Kind == MetricKind.Histogram
            ? new[] { "_bucket", "_count", "_sum" }.Select(suffix => metric.QueryName + suffix)
            : [metric.QueryName]).ToHashSet();
        var dashboard = await File.ReadAllTextAsync(Repository.PathOf("conf/grafana/filterproxy.json"));
        var used = MetricName.Matches(dashboard).Select(match => match.Value).ToHashSet();

        Assert.Empty(used.Except(there));
        Assert.True(used.Count > 30, $"{used.Count} metrics");
    }

    [GeneratedRegex(@"\b(http_(server|client)|filterproxy|dotnet|process)_[a-z_]+")]
    private static partial Regex MetricName { get; }

    private static string Make(IEnumerable<MetricInfo> metrics)
    {
        var table = new StringBuilder("| Metric | In queries | Kind | Labels | Meaning |\n|---|---|---|---|---|\n");
        foreach (var metric in metrics)
        {
            var name = metric.QueryName + (metric.Kind == MetricKind.Histogram ? "_bucket" : "");
            var labels = string.Join(", ", metric.Labels.Select(label => $"`{label}`"));
            table.Append($"| `{metric.Name}` | `{name}` | {metric.Kind.ToString().ToLowerInvariant()} | {labels} | {metric.Help} |\n");
        }

        return table.ToString();
    }

    private static async Task<List<MetricInfo>> MetricsAsync()
    {
        await using var engine = new Engine(new EngineOptions { Loggers = NullLoggerFactory.Instance, PluginPath = "", ConfigDirectory = "." });
        var found = engine.Metrics.Families.Select(family => family.Info).ToList();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, _) =>
            {
                if ((ReferenceEquals(instrument.Meter, engine.Services.Limits.Meter) || instrument.Meter.Name == "System.Runtime") && found.TrueForAll(f => f.Name != instrument.Name))
                {
                    found.Add(new InstrumentRecord(instrument, engine.Metrics).Info);
                }
            },
        };
        listener.Start();
        return [.. found.OrderBy(metric => metric.Name, StringComparer.Ordinal)];
    }
}
