namespace FilterProxy.Tests.Components;

public sealed record DawdlingOptions
{
    public TimeSpan Delay { get; init; }
}

/// <summary>Takes its time.</summary>
[Component("dawdling")]
public sealed class DawdlingFilter(DawdlingOptions options) : IRequestFilter
{
    public async ValueTask<FilterStatus> OnRequestAsync(HttpExchange exchange)
    {
        await Task.Delay(options.Delay);
        return FilterStatus.Continue;
    }
}
