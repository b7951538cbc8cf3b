using System.Buffers;
using System.ComponentModel;
using System.Text.Json;
using FilterProxy.Core.Config;
using FilterProxy.Host.Admin.Views;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace FilterProxy.Host.Admin;

/// <summary>What components show and do besides.</summary>
internal static class ComponentEndpoints
{
    public static void Map(IEndpointRouteBuilder app, ProxyControl control, AdminAudit audit)
    {
        app.MapGet("/views", () => EndpointInfo.Ok(ViewsView.Of(control)))
            .Describe(EndpointInfo.For<ViewsView>("What components show and do besides."));
        app.MapGet("/views/{**component}", (HttpContext context, [Description("The component's place.")] string component) =>
                Show(context, control, audit, component))
            .Describe(EndpointInfo.ForJson("What one component shows."));
        app.MapPost("/actions/{action}", (
                HttpContext context,
                [Description("What to do, as GET /views has it.")] string action,
                [Description("The place of the component that is to do it; all that can by default.")] string? component) =>
                RunAsync(context, control, audit, action, component))
            .Describe(EndpointInfo.For<ActionView>("Has components do something; the action's own parameters are given beside these."));
    }

    private static IResult Show(HttpContext context, ProxyControl control, AdminAudit audit, string place)
    {
        if (control.Engine.Current?.Components.FirstOrDefault(c => c.Place == place && c.Instance is IAdminView)?.Instance is not IAdminView view)
        {
            return EndpointInfo.Refuse(StatusCodes.Status404NotFound, "not_found", $"no component '{place}' shows anything; GET /views lists those that do");
        }

        var json = new ArrayBufferWriter<byte>();
        try
        {
            using var writer = new Utf8JsonWriter(json, new JsonWriterOptions { Indented = true });
            view.WriteView(writer);
        }
        catch (Exception e)
        {
            // The component's fault: it says nothing this time.
            audit.Failed(e, context);
            return EndpointInfo.Refuse(StatusCodes.Status500InternalServerError, "view_failed", $"the component failed: {e.GetType().Name}");
        }

        return TypedResults.Bytes(json.WrittenMemory.ToArray(), "application/json");
    }

    private static async Task<IResult> RunAsync(HttpContext context, ProxyControl control, AdminAudit audit, string action, string? place)
    {
        var components = (control.Engine.Current?.Components ?? [])
            .Where(c => (place is null || c.Place == place) && c.Instance is IAdminAction does && does.Actions.Any(a => a.Name == action))
            .DistinctBy(c => c.Instance, ReferenceEqualityComparer.Instance)
            .ToList();
        if (components.Count == 0)
        {
            return audit.Refuse(context, StatusCodes.Status404NotFound, "no_action", $"no component does '{action}'; GET /views lists what they do");
        }

        var arguments = context.Request.Query.Where(a => a.Key != "component").ToDictionary(a => a.Key, a => a.Value.ToString());
        var results = new List<ActionResult>();
        foreach (var component in components)
        {
            results.Add(await RunAsync(context, audit, component, action, arguments));
        }

        var isDone = results.TrueForAll(result => result.Done);
        audit.Changed(context, string.Join("; ", results.Select(result => $"{result.Component}: {(result.Done ? "done" : "not done")}, {result.Message}")));
        return EndpointInfo.Answer(isDone ? StatusCodes.Status200OK : StatusCodes.Status422UnprocessableEntity, new ActionView(results));
    }

    private static async Task<ActionResult> RunAsync(
        HttpContext context, AdminAudit audit, ComponentInstance component, string action, Dictionary<string, string> arguments)
    {
        try
        {
            var outcome = await ((IAdminAction)component.Instance).RunAsync(action, arguments, context.RequestAborted);
            return new ActionResult(component.Place, outcome.IsDone, outcome.Message);
        }
        catch (Exception e)
        {
            audit.Failed(e, context);
            return new ActionResult(component.Place, false, $"it failed: {e.GetType().Name}");
        }
    }
}
