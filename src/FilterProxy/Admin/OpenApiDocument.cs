using System.ComponentModel;
using System.Reflection;
using System.Text.Json.Nodes;
using System.Text.Json.Schema;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace FilterProxy.Host.Admin;

/// <summary>The admin API as an OpenAPI 3.1 document, made of the endpoints that are mapped: none can be left out.</summary>
internal static class OpenApiDocument
{
    public static IResult Create(IEndpointRouteBuilder app) => TypedResults.Bytes(
        System.Text.Encoding.UTF8.GetBytes(Build(app).ToJsonString(AdminJson.Default.Options)), "application/json");

    private static JsonObject Build(IEndpointRouteBuilder app)
    {
        var paths = new JsonObject();
        foreach (var endpoint in EndpointListing.Of(app).OrderBy(EndpointListing.PathOf, StringComparer.Ordinal))
        {
            var path = EndpointListing.PathOf(endpoint);
            if (paths[path] is not JsonObject operations)
            {
                paths[path] = operations = [];
            }

            foreach (var method in endpoint.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods)
            {
                operations[method.ToLowerInvariant()] = Operation(endpoint, method, path);
            }
        }

        return new JsonObject
        {
            ["openapi"] = "3.1.0",
            ["info"] = new JsonObject { ["title"] = "FilterProxy admin API", ["version"] = CommandLine.Version },
            ["paths"] = paths,
            ["components"] = new JsonObject
            {
                ["schemas"] = new JsonObject { ["Error"] = Schema(typeof(AdminError)) },
                ["securitySchemes"] = new JsonObject { ["token"] = new JsonObject { ["type"] = "http", ["scheme"] = "bearer" } },
            },
        };
    }

    private static JsonObject Operation(RouteEndpoint endpoint, string method, string path)
    {
        var info = endpoint.Metadata.GetMetadata<EndpointInfo>();
        var content = new JsonObject { ["schema"] = info?.Result is { } result ? Schema(result) : new JsonObject() };
        var operation = new JsonObject
        {
            ["operationId"] = $"{method.ToLowerInvariant()}{path.Replace('/', '_').Replace("{", "", StringComparison.Ordinal).Replace("}", "", StringComparison.Ordinal)}",
            ["summary"] = info?.Summary,
            ["responses"] = new JsonObject
            {
                ["200"] = new JsonObject
                {
                    ["description"] = "Done.",
                    ["content"] = new JsonObject { [info?.ContentType ?? "application/json"] = content },
                },
                ["default"] = new JsonObject
                {
                    ["description"] = "Not done, and why.",
                    ["content"] = new JsonObject
                    {
                        ["application/json"] = new JsonObject { ["schema"] = new JsonObject { ["$ref"] = "#/components/schemas/Error" } },
                    },
                },
            },
        };
        var parameters = Parameters(endpoint);
        if (parameters.Count > 0)
        {
            operation["parameters"] = parameters;
        }

        if (method == HttpMethods.Post)
        {
            operation["security"] = new JsonArray(new JsonObject { ["token"] = new JsonArray() });
        }

        return operation;
    }

    private static JsonArray Parameters(RouteEndpoint endpoint)
    {
        var list = new JsonArray();
        foreach (var parameter in endpoint.Metadata.GetMetadata<MethodInfo>()?.GetParameters() ?? [])
        {
            if (parameter.GetCustomAttribute<DescriptionAttribute>() is { } description)
            {
                var inPath = endpoint.RoutePattern.GetParameter(parameter.Name!) is not null;
                list.Add(new JsonObject
                {
                    ["name"] = parameter.Name,
                    ["in"] = inPath ? "path" : "query",
                    ["required"] = inPath,
                    ["description"] = description.Description,
                    ["schema"] = TypeOf(parameter.ParameterType),
                });
            }
        }

        return list;
    }

    private static JsonObject TypeOf(Type type) => (Nullable.GetUnderlyingType(type) ?? type) switch
    {
        var t when t == typeof(bool) => new JsonObject { ["type"] = "boolean" },
        var t when t == typeof(int) => new JsonObject { ["type"] = "integer" },
        { IsArray: true } => new JsonObject { ["type"] = "array", ["items"] = new JsonObject { ["type"] = "string" } },
        _ => new JsonObject { ["type"] = "string" },
    };

    private static JsonNode Schema(Type type) => AdminJson.Default.GetTypeInfo(type)!.GetJsonSchemaAsNode();
}
