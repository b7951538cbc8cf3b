using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;

namespace FilterProxy.Host.Admin;

/// <summary>Everything the admin API has.</summary>
internal static class AdminEndpoints
{
    public static void Map(IEndpointRouteBuilder app, ProxyControl control, AdminAudit audit)
    {
        app.MapGet("/", () => EndpointInfo.Ok(EndpointListing.All(app)))
            .Describe(EndpointInfo.For<IReadOnlyList<EndpointListing>>("What there is."));
        app.MapGet("/openapi.json", () => OpenApiDocument.Create(app))
            .Describe(EndpointInfo.ForJson("This API as an OpenAPI 3.1 document."));
        ProbeEndpoints.Map(app, control);
        ReadEndpoints.Map(app, control);
        TailEndpoint.Map(app, control);
        ControlEndpoints.Map(app, control, audit);
        EndpointControlEndpoints.Map(app, control, audit);
        ComponentEndpoints.Map(app, control, audit);
    }
}
