namespace FilterProxy.Filters.GrpcWeb;

/// <summary>Options of <see cref="GrpcWebFilter"/>.</summary>
public sealed record GrpcWebOptions
{
    /// <summary>Whether <c>application/grpc-web-text</c>, which is base64, is spoken besides <c>application/grpc-web</c>. Default: true.</summary>
    public bool Text { get; init; } = true;
}
