namespace FilterProxy.Filters.NoOpFilters;

/// <summary>A filter that does nothing in the request and the response phase: what remains is the price of being called.</summary>
public abstract class NoOpFilter : IRequestFilter, IResponseFilter
{
    /// <inheritdoc/>
    public ValueTask<FilterStatus> OnRequestAsync(HttpExchange exchange) => new(FilterStatus.Continue);

    /// <inheritdoc/>
    public ValueTask OnResponseAsync(HttpExchange exchange) => default;
}
