namespace FilterProxy.ScenarioTests.Overload;

/// <summary>Takes a request's priority from a field, and marks every response: it shows that a refusal goes through the response filters.</summary>
[Component("rank")]
public sealed class RankFilter : IRequestFilter, IResponseFilter
{
    public ValueTask<FilterStatus> OnRequestAsync(HttpExchange exchange)
    {
        if (exchange.Request.Headers["x-rank"] is { } rank)
        {
            exchange.Metadata["overload", "priority"] = rank;
        }

        return new(FilterStatus.Continue);
    }

    public ValueTask OnResponseAsync(HttpExchange exchange)
    {
        exchange.Response.Headers.Set("x-flags", exchange.Stats.Flags.ToString());
        return default;
    }
}
