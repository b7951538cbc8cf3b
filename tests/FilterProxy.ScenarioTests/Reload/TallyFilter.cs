using System.Collections.Concurrent;

namespace FilterProxy.ScenarioTests.Reload;

/// <summary>A count that lives apart from the filter that counts.</summary>
internal sealed class Tally : IDisposable
{
    private static readonly ConcurrentDictionary<string, Tally> ByKey = new();
    private int _count;

    public Tally(string key) => ByKey[key] = this;

    public bool IsDisposed { get; private set; }

    /// <summary>The one made last under a test's own key.</summary>
    public static Tally Of(string key) => ByKey[key];

    public int Add(int step) => Interlocked.Add(ref _count, step);

    public void Dispose() => IsDisposed = true;
}

/// <summary>Options of <see cref="TallyFilter"/>.</summary>
public sealed record TallyOptions
{
    public required string Key { get; init; }

    public int Step { get; init; } = 1;
}

/// <summary>A filter that counts its requests in its store.</summary>
[Component("tally")]
public sealed class TallyFilter(TallyOptions options, ComponentContext context) : IResponseFilter
{
    private readonly Tally _tally = context.Store(() => new Tally(options.Key));

    public ValueTask OnResponseAsync(HttpExchange exchange)
    {
        exchange.Response.Headers.Set("x-tally", $"{_tally.Add(options.Step)}");
        return default;
    }
}
