using System.Collections.Concurrent;

namespace FilterProxy.ScenarioTests.Reload;

/// <summary>What became of the instances of a test's filters, by the test's own key.</summary>
internal sealed class Lives
{
    private static readonly ConcurrentDictionary<string, Lives> All = new();

    public int Made;
    public int Started;
    public int Ended;
    public int Replacing;

    public static Lives Of(string key) => All.GetOrAdd(key, static _ => new Lives());
}

/// <summary>Options of <see cref="LivingFilter"/>.</summary>
public sealed record LivingOptions
{
    public required string Key { get; init; }

    /// <summary>Sent in x-living.</summary>
    public string Value { get; init; } = "";

    public bool FailToStart { get; init; }

    public bool StartForever { get; init; }

    public bool BlockAtStart { get; init; }

    public string? File { get; init; }
}

/// <summary>A filter that counts its requests and tells of its life.</summary>
[Component("living")]
public sealed class LivingFilter : IRequestFilter, IResponseFilter, IStartable, IDisposable
{
    private readonly LivingOptions _options;
    private readonly string _file;
    private readonly Lives _lives;
    private readonly ManualResetEventSlim _blocked = new();
    private int _requests;

    public LivingFilter(LivingOptions options, ComponentContext context)
    {
        _options = options;
        _lives = Lives.Of(options.Key);
        _file = options.File is null ? "" : File.ReadAllText(context.UseFile(options.File));
        Interlocked.Increment(ref _lives.Made);
        if (context.Previous is LivingFilter previous)
        {
            Interlocked.Increment(ref _lives.Replacing);
            _requests = previous._requests;
        }
    }

    public ValueTask StartAsync(CancellationToken stop)
    {
        Interlocked.Increment(ref _lives.Started);
        if (_options.BlockAtStart)
        {
            _blocked.Wait(CancellationToken.None);
        }

        if (_options.StartForever)
        {
            return new ValueTask(Task.Delay(Timeout.Infinite, CancellationToken.None));
        }

        return _options.FailToStart ? throw new InvalidOperationException("told to fail") : default;
    }

    public void Dispose()
    {
        _blocked.Set();
        Interlocked.Increment(ref _lives.Ended);
    }

    public ValueTask<FilterStatus> OnRequestAsync(HttpExchange exchange)
    {
        Interlocked.Increment(ref _requests);
        return new(FilterStatus.Continue);
    }

    public ValueTask OnResponseAsync(HttpExchange exchange)
    {
        exchange.Response.Headers.Set("x-living", $"{_options.Value}{_file}:{_requests}");
        return default;
    }
}
