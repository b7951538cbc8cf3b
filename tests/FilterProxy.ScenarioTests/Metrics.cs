using System.Buffers;
using System.Globalization;
using System.Text;
using FilterProxy.Core.Telemetry.Metrics;
using FilterProxy.TestKit;

namespace FilterProxy.ScenarioTests;

/// <summary>The metrics of a proxy as a collector reads them: each line's name and labels to its value.</summary>
internal static class Metrics
{
    public static Dictionary<string, double> Of(TestProxy proxy)
    {
        var buffer = new ArrayBufferWriter<byte>();
        proxy.Engine.Exposition.Write(buffer, MetricsFormat.Prometheus);
        return Encoding.UTF8.GetString(buffer.WrittenSpan).Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Where(line => line[0] != '#')
            .ToDictionary(line => line[..line.LastIndexOf(' ')], line => double.Parse(line[(line.LastIndexOf(' ') + 1)..].Replace("+Inf", "Infinity", StringComparison.Ordinal), CultureInfo.InvariantCulture));
    }

    /// <summary>Waits for a value: an exchange is counted when it is over, which its client may see before.</summary>
    public static Task UntilAsync(TestProxy proxy, string series, double value) =>
        Poll.UntilAsync(() => Of(proxy).GetValueOrDefault(series, double.NaN) == value);
}
