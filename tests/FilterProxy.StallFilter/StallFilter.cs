namespace FilterProxy.StallFilter;

/// <summary>Never lets go of the thread it is called on: the worst that a filter can do to an event loop.</summary>
[Component("stall")]
public sealed class StallFilter : IRequestFilter
{
    public ValueTask<FilterStatus> OnRequestAsync(HttpExchange exchange)
    {
        Thread.Sleep(Timeout.Infinite);
        return new(FilterStatus.Continue);
    }
}
