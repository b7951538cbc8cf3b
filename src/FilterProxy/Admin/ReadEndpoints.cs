using System.Buffers;
using System.ComponentModel;
using System.Net;
using System.Text.Json;
using FilterProxy.Core.Config.Explain;
using FilterProxy.Core.Telemetry.Metrics;
using FilterProxy.Host.Admin.Views;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace FilterProxy.Host.Admin;

/// <summary>What can be seen.</summary>
internal static class ReadEndpoints
{
    private const int ShownErrors = 100;

    public static void Map(IEndpointRouteBuilder app, ProxyControl control)
    {
        app.MapGet("/config", () => Config(control))
            .Describe(EndpointInfo.ForJson("The configuration in force with all its defaults; secrets are masked."));
        app.MapGet("/routes", () => EndpointInfo.Ok(RouteView.All(control)))
            .Describe(EndpointInfo.For<IReadOnlyList<RouteView>>("The routes in the order of the configuration, with their hits."));
        app.MapGet("/clusters", () => EndpointInfo.Ok(ClusterView.All(control)))
            .Describe(EndpointInfo.For<IReadOnlyList<ClusterView>>("The clusters and their endpoints: which take requests, and why or why not."));
        app.MapGet("/listeners", () => EndpointInfo.Ok(ListenerView.All(control)))
            .Describe(EndpointInfo.For<IReadOnlyList<ListenerView>>("The listeners and what they are bound to."));
        app.MapGet("/certificates", () => EndpointInfo.Ok(CertificateView.All(control)))
            .Describe(EndpointInfo.For<IReadOnlyList<CertificateView>>("The certificates that listeners serve, without keys."));
        app.MapGet("/plugins", () => EndpointInfo.Ok(PluginView.All(control)))
            .Describe(EndpointInfo.For<IReadOnlyList<PluginView>>("The plugins that are loaded."));
        app.MapGet("/stats", () => EndpointInfo.Ok(StatsView.Of(control)))
            .Describe(EndpointInfo.For<StatsView>("The process as a whole."));
        app.MapGet("/overload", () => EndpointInfo.Ok(OverloadView.Of(control)))
            .Describe(EndpointInfo.For<OverloadView>("What runs short, and what is done about it."));
        app.MapGet("/metrics", (HttpContext context) => WriteMetricsAsync(context, control))
            .Describe(new EndpointInfo("All metrics, for Prometheus or in the OpenMetrics format as the Accept field asks.", null, "text/plain"));
        app.MapGet("/snapshots", () => EndpointInfo.Ok(SnapshotsView.Of(control)))
            .Describe(EndpointInfo.For<SnapshotsView>("The configuration in force, and what still runs under replaced ones."));
        app.MapGet("/errors", (
                [Description("Only those with this reason code.")] string? reason,
                [Description("Only those on this route.")] string? route,
                [Description("At most so many; 100 by default.")] int? limit) =>
                EndpointInfo.Ok(ErrorsView.Of(control, reason, route, Math.Max(0, limit ?? ShownErrors))))
            .Describe(EndpointInfo.For<ErrorsView>("The last exchanges that failed, the last first."));
        app.MapGet("/explain", (
                [Description("The URL as a client has it, or a path.")] string? url,
                [Description("The method; GET by default.")] string? method,
                [Description("A header as 'name: value'; may be given more than once.")] string[]? header,
                [Description("The listener it comes in by.")] string? listener,
                [Description("The peer's address; 127.0.0.1 by default.")] string? from,
                [Description("A claim of the user as 'sub=ada'; may be given more than once.")] string[]? claim) =>
                Explain(control, url, method ?? "GET", header ?? [], listener, from ?? "127.0.0.1", claim ?? []))
            .Describe(EndpointInfo.For<Explanation>("What would become of a request, and why."));
        app.MapGet("/log_level", () => EndpointInfo.Ok(new LogLevelView(LogLevelView.NameOf(control.Levels.Level))))
            .Describe(EndpointInfo.For<LogLevelView>("How much the log says."));
    }

    private static async Task WriteMetricsAsync(HttpContext context, ProxyControl control)
    {
        var format = MetricsExposition.Negotiate(context.Request.Headers.Accept);
        context.Response.ContentType = MetricsExposition.ContentTypeOf(format);
        await control.Engine.Exposition.WriteAsync(context.Response.BodyWriter, format, context.RequestAborted);
    }

    private static IResult Config(ProxyControl control)
    {
        if (control.Engine.Current is not { } current)
        {
            return NothingYet();
        }

        var json = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(json, new JsonWriterOptions { Indented = true }))
        {
            ConfigDump.Write(writer, current);
        }

        return TypedResults.Bytes(json.WrittenMemory.ToArray(), "application/json");
    }

    private static IResult Explain(ProxyControl control, string? url, string method, string[] headers, string? listener, string from, string[] claims)
    {
        if (control.Engine.Current is not { } current)
        {
            return NothingYet();
        }

        var error = "the parameter 'url' is missing";
        System.Security.Claims.ClaimsPrincipal? user = null;
        if (url is null || !ExplainRequest.TryParse(method, url, headers, out var request, out error) || !ExplainRequest.TryParseUser(claims, out user, out error) || !IPAddress.TryParse(from, out var address))
        {
            return EndpointInfo.Refuse(StatusCodes.Status400BadRequest, "bad_request", error.Length > 0 ? error : $"expected an IP address like '10.0.0.1', got '{from}'");
        }

        return EndpointInfo.Ok(RequestExplainer.Explain(request with { From = address, Listener = listener, User = user }, current.Config, current));
    }

    private static IResult NothingYet() =>
        EndpointInfo.Refuse(StatusCodes.Status503ServiceUnavailable, "not_ready", "no configuration is in force yet");
}
