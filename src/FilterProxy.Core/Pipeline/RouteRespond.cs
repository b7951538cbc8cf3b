namespace FilterProxy.Core.Pipeline;

/// <summary>A fixed answer of a route.</summary>
internal sealed record RouteRespond(int Status, byte[] Body, string? ContentType, IReadOnlyList<KeyValuePair<string, string>> Headers)
{
    public void Reply(HttpExchange exchange)
    {
        exchange.Reply(Status, ReasonCodes.RouteRespond, Body, Body.Length == 0 ? null : ContentType);
        foreach (var (name, value) in Headers)
        {
            exchange.Response.Headers.Set(name, value);
        }
    }
}
