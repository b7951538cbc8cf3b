using System.ComponentModel;
using System.Globalization;
using FilterProxy.Core.Clusters;
using FilterProxy.Core.Config;
using FilterProxy.Host.Admin.Views;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace FilterProxy.Host.Admin;

/// <summary>What can be done to one endpoint. It holds until it is taken back or the process ends, reloads in between or not.</summary>
internal static class EndpointControlEndpoints
{
    private const int LargestWeight = 1000;

    // What an attempt or a slip leaves behind does not grow without bound.
    private const int MostControls = 10_000;
    private const string Cluster = "Its cluster.";
    private const string Endpoint = "Its name, as GET /clusters has it.";

    public static void Map(IEndpointRouteBuilder app, ProxyControl control, AdminAudit audit)
    {
        app.MapPost("/endpoints/drain", (HttpContext context, [Description(Cluster)] string? cluster, [Description(Endpoint)] string? endpoint) =>
                Change(context, control, audit, cluster, endpoint, c => c with { Mode = EndpointMode.Draining }, "gets no new clients"))
            .Describe(EndpointInfo.For<AdminDone>("Gives an endpoint no new clients; it finishes what it has, and clients that belong to it by affinity still come."));
        app.MapPost("/endpoints/maintenance", (HttpContext context, [Description(Cluster)] string? cluster, [Description(Endpoint)] string? endpoint) =>
                Change(context, control, audit, cluster, endpoint, c => c with { Mode = EndpointMode.Maintenance }, "is in maintenance"))
            .Describe(EndpointInfo.For<AdminDone>("Gives an endpoint no requests at all; it finishes what it has, idle connections to it are closed, and its health is not asked."));
        app.MapPost("/endpoints/undrain", (HttpContext context, [Description(Cluster)] string? cluster, [Description(Endpoint)] string? endpoint) =>
                Change(context, control, audit, cluster, endpoint, c => c with { Mode = EndpointMode.Active }, "takes requests again"))
            .Describe(EndpointInfo.For<AdminDone>("Takes drain or maintenance back."));
        app.MapPost("/endpoints/weight", (
                HttpContext context,
                [Description(Cluster)] string? cluster,
                [Description(Endpoint)] string? endpoint,
                [Description("0 to 1000, or 'auto' for the configured one.")] string? weight) => Weigh(context, control, audit, cluster, endpoint, weight))
            .Describe(EndpointInfo.For<AdminDone>("Gives an endpoint another weight; 0 takes none of the traffic."));
        app.MapPost("/endpoints/health", (
                HttpContext context,
                [Description(Cluster)] string? cluster,
                [Description(Endpoint)] string? endpoint,
                [Description("'up', 'down', or 'auto' for what is found.")] string? health) => Judge(context, control, audit, cluster, endpoint, health))
            .Describe(EndpointInfo.For<AdminDone>("Says whether an endpoint is healthy, whatever is found."));
    }

    private static IResult Weigh(HttpContext context, ProxyControl control, AdminAudit audit, string? cluster, string? endpoint, string? weight)
    {
        var given = -1;
        if (weight != "auto" && (!int.TryParse(weight, NumberStyles.None, CultureInfo.InvariantCulture, out given) || given > LargestWeight))
        {
            return audit.Refuse(context, StatusCodes.Status400BadRequest, "bad_request", $"expected a weight of 0 to {LargestWeight}, or 'auto'");
        }

        return Change(
            context, control, audit, cluster, endpoint, c => c with { Weight = given < 0 ? null : given }, given < 0 ? "has its configured weight" : $"has weight {given}");
    }

    private static IResult Judge(HttpContext context, ProxyControl control, AdminAudit audit, string? cluster, string? endpoint, string? health) => health switch
    {
        "up" => Change(context, control, audit, cluster, endpoint, c => c with { Health = true }, "is healthy, whatever is found"),
        "down" => Change(context, control, audit, cluster, endpoint, c => c with { Health = false }, "is unhealthy, whatever is found"),
        "auto" => Change(context, control, audit, cluster, endpoint, c => c with { Health = null }, "is as healthy as it is found"),
        _ => audit.Refuse(context, StatusCodes.Status400BadRequest, "bad_request", "expected 'up', 'down' or 'auto'"),
    };

    private static IResult Change(
        HttpContext context, ProxyControl control, AdminAudit audit, string? cluster, string? endpoint, Func<EndpointControl, EndpointControl> change, string outcome)
    {
        var controls = control.Engine.Services.Endpoints;
        if (cluster is null || control.Engine.Current?.Clusters.GetValueOrDefault(cluster) is not { } compiled)
        {
            return audit.Refuse(context, StatusCodes.Status404NotFound, "no_cluster", $"there is no cluster '{cluster}'");
        }

        // One that is gone for the moment can still be spoken of where something was said about it.
        if (endpoint is null || (!Has(compiled.Cluster, endpoint) && !controls.All.ContainsKey((cluster, endpoint))))
        {
            return audit.Refuse(context, StatusCodes.Status404NotFound, "no_endpoint", $"cluster '{cluster}' has no endpoint '{endpoint}'");
        }

        if (controls.All.Count >= MostControls && !controls.All.ContainsKey((cluster, endpoint)))
        {
            return audit.Refuse(context, StatusCodes.Status409Conflict, "too_many", $"something is said about {MostControls} endpoints already");
        }

        controls.Change(cluster, endpoint, change);

        // A reload may have put another in its place meanwhile; that one looks for itself when it takes over.
        compiled.Cluster.TakeControls();
        control.Engine.Current?.Clusters.GetValueOrDefault(cluster)?.Cluster.TakeControls();
        return audit.Done(context, $"{cluster}/{endpoint} {outcome}", WarningOf(compiled, controls.Of(cluster, endpoint)));
    }

    private static string? WarningOf(CompiledCluster compiled, EndpointControl control) =>
        ClusterView.Of(compiled).Usable == 0 ? $"no endpoint of cluster '{compiled.Cluster.Name}' is healthy and takes requests now"
        : control.Mode == EndpointMode.Draining && compiled.Cluster.Affinity is { Hash: null }
            ? "clients that belong to it by affinity still come; maintenance sends them away"
        : null;

    private static bool Has(ProxyCluster cluster, string name)
    {
        foreach (var endpoint in cluster.Known.Span)
        {
            if (endpoint.Name == name)
            {
                return true;
            }
        }

        return false;
    }
}
