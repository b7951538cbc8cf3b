namespace FilterProxy.ScenarioTests.Protocol;

/// <summary>Tells the upstream who the client is, as filters see it.</summary>
[Component("stamp")]
public sealed class StampFilter : IRequestFilter
{
    public ValueTask<FilterStatus> OnRequestAsync(HttpExchange exchange)
    {
        exchange.Request.Headers.Set("x-client", exchange.Downstream.ClientAddress?.ToString() ?? "none");
        return new(FilterStatus.Continue);
    }
}
