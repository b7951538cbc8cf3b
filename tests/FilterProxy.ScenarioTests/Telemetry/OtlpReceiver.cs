using System.Collections.Concurrent;
using FilterProxy.Filters.Lib.Protobuf;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace FilterProxy.ScenarioTests.Telemetry;

/// <summary>Takes OTLP over HTTP and decodes it, as a collector does.</summary>
internal sealed class OtlpReceiver : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ConcurrentQueue<ProtoNode> _traces = new(), _metrics = new(), _logs = new();

    private OtlpReceiver(WebApplication app) => _app = app;

    public string Url => _app.Urls.Single();

    /// <summary>Headers of the last request, as <c>name: value</c>.</summary>
    public string LastHeaders { get; private set; } = "";

    /// <summary>Spans: trace id in field 1, span id 2, parent 4, name 5, kind 6, attributes 9, events 11, status 15.</summary>
    public IReadOnlyList<ProtoNode> Spans => [.. _traces.SelectMany(r => r.Below(1, 2, 2))];

    /// <summary>Attributes of what sent spans.</summary>
    public Dictionary<string, string> Resource => _traces.First().Below(1, 1).First().Attributes(1);

    /// <summary>Metrics: name in field 1, unit 3, gauge 5, sum 7, histogram 9.</summary>
    public IReadOnlyList<ProtoNode> Metrics => [.. _metrics.SelectMany(r => r.Below(1, 2, 2))];

    /// <summary>Records: severity in field 2, body 5, attributes 6, trace id 9, span id 10.</summary>
    public IReadOnlyList<ProtoNode> Logs => [.. _logs.SelectMany(r => r.Below(1, 2, 2))];

    public static async Task<OtlpReceiver> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        var receiver = new OtlpReceiver(app);
        app.MapPost("/v1/{signal}", receiver.TakeAsync);
        await app.StartAsync();
        return receiver;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private async Task TakeAsync(HttpContext context, string signal)
    {
        LastHeaders = string.Join('\n', context.Request.Headers.Select(h => $"{h.Key}: {h.Value}"));
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        if (context.Request.ContentType != "application/x-protobuf")
        {
            context.Response.StatusCode = 415;
            return;
        }

        try
        {
            (signal switch { "traces" => _traces, "metrics" => _metrics, _ => _logs }).Enqueue(new ProtoNode(body.ToArray()));
            context.Response.ContentType = "application/x-protobuf";
        }
        catch (ProtobufException)
        {
            context.Response.StatusCode = 400;
        }
    }
}
