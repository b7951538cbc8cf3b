namespace FilterProxy.Tests.Components;

public sealed record TaggerOptions
{
    public string Tag { get; init; } = "t";

    public string Text { get; init; } = "-";
}

/// <summary>Counts the responses of its own instance in a field of each: <c>x-&lt;tag&gt;: &lt;text&gt;&lt;count&gt;</c>.</summary>
[Component("tagger")]
public sealed class Tagger(TaggerOptions options) : IResponseFilter
{
    private int _count;

    public ValueTask OnResponseAsync(HttpExchange exchange)
    {
        exchange.Response.Headers.Append($"x-{options.Tag}", $"{options.Text}{Interlocked.Increment(ref _count)}");
        return default;
    }
}
