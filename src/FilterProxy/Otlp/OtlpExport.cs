using System.Diagnostics.Metrics;
using FilterProxy.Core;
using FilterProxy.Core.Config;
using FilterProxy.Core.Pipeline;
using Microsoft.Extensions.Logging;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace FilterProxy.Host.Otlp;

/// <summary>Sends spans and metrics by OTLP, with the OpenTelemetry SDK. Replaced as a whole when the configuration says something else.</summary>
internal sealed class OtlpExport(ILogger logger) : ITelemetryExport, IDisposable
{
    // Who stops does not wait for a receiver that is gone.
    private const int Patience = 2000;
    private readonly Lock _lock = new();
    private TelemetryConfig? _applied;
    private TracerProvider? _traces;
    private MeterProvider? _metrics;

    public void Apply(TelemetryConfig telemetry, Meter meter)
    {
        lock (_lock)
        {
            if (_applied is { } applied && applied.Otlp == telemetry.Otlp && applied.Metrics == telemetry.Metrics
                && applied.Tracing is null == telemetry.Tracing is null)
            {
                return;
            }

            _applied = telemetry;
            var (traces, metrics) = (_traces, _metrics);
            _traces = telemetry.Otlp is { Traces: true } && telemetry.Tracing is not null ? BuildTraces(telemetry.Otlp, meter) : null;
            _metrics = telemetry.Otlp is { Metrics: true } ? BuildMetrics(telemetry.Otlp, telemetry.Metrics, meter) : null;

            // What it still holds may have to be sent to somebody who does not answer.
            ThreadPool.QueueUserWorkItem(_ => End(traces, metrics));
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            End(_traces, _metrics);
            (_traces, _metrics) = (null, null);
        }
    }

    private static void End(TracerProvider? traces, MeterProvider? metrics)
    {
        FinishedTraces.Shared.Flush();
        traces?.Shutdown(Patience);
        traces?.Dispose();
        metrics?.Shutdown(Patience);
        metrics?.Dispose();
    }

    private TracerProvider BuildTraces(OtlpConfig otlp, Meter meter) => Sdk.CreateTracerProviderBuilder()
        .SetResourceBuilder(ResourceOf(otlp))

        // The engine has decided before it makes a span.
        .SetSampler(new AlwaysOnSampler())
        .AddSource("FilterProxy")
        .AddProcessor(new SpanQueue(new OtlpTraceExporter(OptionsOf(otlp, "traces")), otlp.Queue, otlp.TracesInterval, meter, logger))
        .Build();

    private static MeterProvider BuildMetrics(OtlpConfig otlp, MetricsConfig metrics, Meter meter) => Sdk.CreateMeterProviderBuilder()
        .SetResourceBuilder(ResourceOf(otlp))
        .AddMeter(meter.Name)
        .AddMeter("System.Runtime")
        .AddView(instrument => instrument is Histogram<double> { Unit: "s" }
            ? new ExplicitBucketHistogramConfiguration { Boundaries = [.. metrics.DurationBuckets.Select(b => b.TotalSeconds)], CardinalityLimit = metrics.MaxSeries }
            : new MetricStreamConfiguration { CardinalityLimit = metrics.MaxSeries })
        .AddReader(new PeriodicExportingMetricReader(
            new OtlpMetricExporter(OptionsOf(otlp, "metrics")), (int)otlp.MetricsInterval.TotalMilliseconds, (int)otlp.Timeout.TotalMilliseconds))
        .Build();

    private static ResourceBuilder ResourceOf(OtlpConfig otlp) => ResourceBuilder.CreateDefault().AddService(
        otlp.ServiceName, serviceVersion: typeof(Engine).Assembly.GetName().Version?.ToString(3), serviceInstanceId: Environment.MachineName);

    private static OtlpExporterOptions OptionsOf(OtlpConfig otlp, string signal) => new()
    {
        Protocol = otlp.Protocol == OtlpTransport.Grpc ? OtlpExportProtocol.Grpc : OtlpExportProtocol.HttpProtobuf,

        // Over HTTP each signal has its own path (OTLP specification, "OTLP/HTTP request").
        Endpoint = otlp.Protocol == OtlpTransport.Grpc ? otlp.Endpoint : new Uri($"{otlp.Endpoint.ToString().TrimEnd('/')}/v1/{signal}"),
        Headers = string.Join(',', otlp.Headers.Select(h => $"{h.Key}={h.Value}")),
        TimeoutMilliseconds = (int)otlp.Timeout.TotalMilliseconds,
    };
}
