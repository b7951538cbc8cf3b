using FilterProxy.Host.Admin.Views;
using FilterProxy.Host.Systemd;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace FilterProxy.Host.Admin;

/// <summary>What supervisors and load balancers ask.</summary>
internal static class ProbeEndpoints
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(2);

    public static void Map(IEndpointRouteBuilder app, ProxyControl control)
    {
        var liveness = new Liveness(control.Engine.Services.Heartbeat);
        var asking = new SemaphoreSlim(1);
        app.MapGet("/healthz", async (HttpContext context) =>
            {
                await asking.WaitAsync(context.RequestAborted);
                try
                {
                    return await liveness.ShowsAsync(Limit)
                        ? EndpointInfo.Ok(new ProbeView("ok"))
                        : EndpointInfo.Answer(
                            StatusCodes.Status503ServiceUnavailable, new ProbeView("stuck", "the heartbeat or an event loop does not answer"));
                }
                finally
                {
                    asking.Release();
                }
            })
            .Describe(EndpointInfo.For<ProbeView>("Whether the process works: 503 when its heartbeat or an event loop stands still."));
        app.MapGet("/ready", () => control.NotReady is { } reason
                ? EndpointInfo.Answer(StatusCodes.Status503ServiceUnavailable, new ProbeView("not ready", reason))
                : EndpointInfo.Ok(new ProbeView("ok")))
            .Describe(EndpointInfo.For<ProbeView>("Whether to send requests here: 503 while it starts and once it was told to stop."));
    }
}
