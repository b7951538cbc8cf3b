using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using FilterProxy.Core.Telemetry.Metrics;
using FilterProxy.TestKit;

namespace FilterProxy.ScenarioTests.Telemetry;

/// <summary>Serves the metrics of a proxy in this process, and nothing else.</summary>
internal sealed class MetricsServer : IAsyncDisposable
{
    private readonly WebApplication _app;

    private MetricsServer(WebApplication app) => _app = app;

    public string Address => new Uri(_app.Urls.Single()).Authority;

    public static async Task<MetricsServer> StartAsync(TestProxy proxy)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        app.MapGet("/metrics", async (HttpContext context) =>
        {
            var format = MetricsExposition.Negotiate(context.Request.Headers.Accept);
            context.Response.ContentType = MetricsExposition.ContentTypeOf(format);
            await proxy.Engine.Exposition.WriteAsync(context.Response.BodyWriter, format, context.RequestAborted);
        });
        await app.StartAsync();
        return new MetricsServer(app);
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}
