using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace FilterProxy.Host.Admin;

/// <summary>What an endpoint of the admin API says of itself: the list at <c>/</c> and the OpenAPI document are made of it.</summary>
/// <param name="Summary">What it is for.</param>
/// <param name="Result">What it answers, as JSON; null for what <paramref name="ContentType"/> says.</param>
/// <param name="ContentType">Of the answer.</param>
internal sealed record EndpointInfo(string Summary, Type? Result, string ContentType)
{
    private const string Json = "application/json";

    /// <summary>Answers a value of a type that <see cref="AdminJson"/> knows.</summary>
    public static IResult Ok<T>(T value) => TypedResults.Json(value, AdminJson.Of<T>());

    /// <inheritdoc cref="Ok{T}"/>
    public static IResult Answer<T>(int status, T value) => TypedResults.Json(value, AdminJson.Of<T>(), statusCode: status);

    public static IResult Refuse(int status, string code, string message) => Answer(status, new AdminError(code, message));

    public static EndpointInfo For<T>(string summary) => new(summary, typeof(T), Json);

    public static EndpointInfo ForJson(string summary) => new(summary, null, Json);
}

internal static class EndpointInfoExtensions
{
    public static void Describe(this IEndpointConventionBuilder endpoint, EndpointInfo info) => endpoint.WithMetadata(info);
}
