namespace FilterProxy.Filters.Headers;

/// <summary>Options of <see cref="HeadersFilter"/>.</summary>
public sealed record HeadersOptions
{
    /// <summary>Edits of the request, before later filters and the upstream see it.</summary>
    public HeaderEditOptions Request { get; init; } = new();

    /// <summary>Edits of the response, local replies included.</summary>
    public HeaderEditOptions Response { get; init; } = new();
}
