namespace FilterProxy.ScenarioTests;

/// <summary>Takes part in the request and the response phase and does nothing: what the phases themselves cost.</summary>
[Component("no_op")]
public sealed class NoOpFilter : IRequestFilter, IResponseFilter
{
    public ValueTask<FilterStatus> OnRequestAsync(HttpExchange exchange) => new(FilterStatus.Continue);

    public ValueTask OnResponseAsync(HttpExchange exchange) => default;
}
