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
        var metrics = await MetricsAsync();
        Generated.AssertCurrent(Repository.PathOf("docs/operations/telemetry.md"), text => Table.Replace(text, $"\n{Make(metrics)}\n"));
    }

    [Fact]
    public async Task Every_metric_has_a_unit_that_is_spelled_and_a_sentence()
    {
        Assert.All(await MetricsAsync(), metric =>
        {
            Assert.EndsWith(".", metric.Help, StringComparison.Ordinal);
            Assert.Matches("^[a-z_.]+$", metric.Name);
            Assert.Matches(@"^(s|By|\{[a-z_]+\}|)$", metric.Unit);
        });
    }

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
                if (ReferenceEquals(instrument.Meter, engine.Services.Limits.Meter) && found.TrueForAll(f => f.Name != instrument.Name))
                {
                    found.Add(new InstrumentRecord(instrument, engine.Metrics).Info);
                }
            },
        };
        listener.Start();
        return [.. found.OrderBy(metric => metric.Name, StringComparer.Ordinal)];
    }
}
