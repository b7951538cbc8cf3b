using Microsoft.AspNetCore.Routing;

namespace FilterProxy.Host.Admin;

/// <summary>An endpoint of the admin API.</summary>
/// <param name="Method">GET or POST.</param>
/// <param name="Path">Its path.</param>
/// <param name="Summary">What it is for.</param>
internal sealed record EndpointListing(string Method, string Path, string Summary)
{
    /// <summary>All there are.</summary>
    public static IReadOnlyList<EndpointListing> All(IEndpointRouteBuilder app) =>
    [
        .. Of(app).SelectMany(endpoint => endpoint.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods.Select(method =>
            new EndpointListing(method, PathOf(endpoint), endpoint.Metadata.GetMetadata<EndpointInfo>()?.Summary ?? ""))),
    ];

    /// <summary>As the server knows them.</summary>
    public static IEnumerable<RouteEndpoint> Of(IEndpointRouteBuilder app) => app.DataSources.SelectMany(source => source.Endpoints).OfType<RouteEndpoint>();

    /// <summary>As OpenAPI writes it: <c>/views/{id}</c>.</summary>
    public static string PathOf(RouteEndpoint endpoint) => "/" + endpoint.RoutePattern.RawText!.TrimStart('/').Replace("{**", "{", StringComparison.Ordinal);
}
