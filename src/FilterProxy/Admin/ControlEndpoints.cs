using System.ComponentModel;
using FilterProxy.Core.Config.Binding;
using FilterProxy.Host.Admin.Views;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;

namespace FilterProxy.Host.Admin;

/// <summary>What can be done to the process as a whole.</summary>
internal static class ControlEndpoints
{
    private static readonly TimeSpan LongestDelay = TimeSpan.FromHours(1);

    public static void Map(IEndpointRouteBuilder app, ProxyControl control, AdminAudit audit)
    {
        app.MapPost("/log_level", (HttpContext context, [Description("trace, debug, information, warning, error, critical or none.")] string? level) =>
            {
                if (level is null || LogLevelView.Names.ToList().IndexOf(level) is var index && index < 0)
                {
                    return audit.Refuse(context, StatusCodes.Status400BadRequest, "bad_request", $"expected a level: {string.Join(", ", LogLevelView.Names)}");
                }

                control.Levels.Level = (LogLevel)index;
                return audit.Done(context, $"the log says {level} and above");
            })
            .Describe(EndpointInfo.For<AdminDone>("Changes how much the log says, until the process ends."));
        app.MapPost("/reload", (Delegate)((HttpContext context) => ReloadAsync(context, control, audit)))
            .Describe(EndpointInfo.For<AdminDone>("Reads the configuration again, as SIGHUP does; 422 with what is wrong when the old one stays."));
        app.MapPost("/shutdown", (
                HttpContext context,
                [Description("Duration to go on taking requests while /ready says 503, for load balancers to notice: 15s. 0s by default.")] string? delay) =>
                Shutdown(context, control, audit, delay))
            .Describe(EndpointInfo.For<AdminDone>("Stops as SIGTERM does: no new connections, what is in flight has runtime.shutdown_grace to finish."));
    }

    private static async Task<IResult> ReloadAsync(HttpContext context, ProxyControl control, AdminAudit audit)
    {
        if (control.Reload is not { } reload || control.NotReady is not null)
        {
            return audit.Refuse(context, StatusCodes.Status409Conflict, "not_ready", control.NotReady ?? "the configuration cannot be read again here");
        }

        var refusal = await reload("admin API");
        return refusal.Length == 0
            ? audit.Done(context, $"configuration {control.Engine.Current!.Snapshot.Version} is in force")
            : audit.Refuse(context, StatusCodes.Status422UnprocessableEntity, "config_refused", refusal);
    }

    private static IResult Shutdown(HttpContext context, ProxyControl control, AdminAudit audit, string? delay)
    {
        var wait = TimeSpan.Zero;
        if (delay is not null && (!DurationText.TryParse(delay, out wait, out _) || wait < TimeSpan.Zero || wait > LongestDelay))
        {
            return audit.Refuse(context, StatusCodes.Status400BadRequest, "bad_request", $"expected a duration like '15s' of at most an hour, got '{delay}'");
        }

        return control.Leave(wait)
            ? audit.Done(context, wait > TimeSpan.Zero ? $"it stops in {delay}" : "it stops")
            : audit.Refuse(context, StatusCodes.Status409Conflict, "stopping", "it was told to stop before");
    }
}
