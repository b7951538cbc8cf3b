using System.Buffers;
using System.IO.Pipelines;

namespace FilterProxy.Core.Telemetry.Metrics;

/// <summary>
/// Writes all metrics for a collector that fetches them: what <c>/metrics</c> serves. In slices, off the event loops, so that a large
/// answer takes neither a loop nor the memory for the whole of it.
/// </summary>
internal sealed class MetricsExposition(MetricsRegistry registry)
{
    private const int Slice = 32 * 1024;
    private readonly SemaphoreSlim _one = new(1);
    private readonly List<Sample> _samples = [];

    /// <summary>The format a client asks for.</summary>
    /// <param name="accept">Its Accept field; null or empty for none.</param>
    public static MetricsFormat Negotiate(string? accept)
    {
        // Prometheus names what it prefers first and gives it the greatest weight; whoever takes OpenMetrics at all wants its exemplars.
        foreach (var part in (accept ?? "").Split(','))
        {
            var fields = part.Split(';', StringSplitOptions.TrimEntries);
            if (fields[0].Equals("application/openmetrics-text", StringComparison.OrdinalIgnoreCase)
                && Array.TrueForAll(fields, f => !f.StartsWith("q=0", StringComparison.OrdinalIgnoreCase) || f.AsSpan(2).ContainsAnyExcept("0.")))
            {
                return MetricsFormat.OpenMetrics;
            }
        }

        return MetricsFormat.Prometheus;
    }

    /// <summary>The Content-Type of a format.</summary>
    public static string ContentTypeOf(MetricsFormat format) => format == MetricsFormat.OpenMetrics
        ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
        : "text/plain; version=0.0.4; charset=utf-8";

    /// <summary>Writes and flushes slice by slice; does not complete the writer. One at a time: others wait.</summary>
    /// <param name="output">Takes the text.</param>
    /// <param name="format">From <see cref="Negotiate"/>.</param>
    /// <param name="cancel">The client left.</param>
    public async ValueTask WriteAsync(PipeWriter output, MetricsFormat format, CancellationToken cancel)
    {
        await _one.WaitAsync(cancel);
        try
        {
            await Task.Yield();
            var writer = new ExpositionWriter(output, format);
            foreach (var family in registry.All())
            {
                Begin(writer, family);
                foreach (var sample in _samples)
                {
                    writer.Write(family.Info, sample);
                    if (writer.Written >= Slice && (await FlushAsync(output, writer, cancel)).IsCompleted)
                    {
                        return;
                    }
                }
            }

            writer.End();
            await output.FlushAsync(cancel);
        }
        finally
        {
            _samples.Clear();
            _one.Release();
        }
    }

    /// <summary>Writes everything at once.</summary>
    public void Write(IBufferWriter<byte> output, MetricsFormat format)
    {
        var writer = new ExpositionWriter(output, format);
        var samples = new List<Sample>();
        foreach (var family in registry.All())
        {
            samples.Clear();
            family.Collect(samples);
            writer.Begin(family.Info, samples.Count);
            samples.ForEach(sample => writer.Write(family.Info, sample));
        }

        writer.End();
    }

    private void Begin(ExpositionWriter writer, MetricFamily family)
    {
        _samples.Clear();
        family.Collect(_samples);
        writer.Begin(family.Info, _samples.Count);
    }

    private static async ValueTask<FlushResult> FlushAsync(PipeWriter output, ExpositionWriter writer, CancellationToken cancel)
    {
        writer.Written = 0;
        var result = await output.FlushAsync(cancel);

        // To the end of the queue: what the loops have handed to the pool comes first.
        await Task.Yield();
        return result;
    }
}
