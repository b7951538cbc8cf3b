using FilterProxy.Filters.Cache;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.Filters.Tests.Cache;

/// <summary>A cache without connections, with a clock of its own, in front of an origin that is a function.</summary>
internal sealed class CacheRig : IDisposable
{
    private readonly TestComponentContext _context = new();

    public CacheRig(CacheOptions? options = null)
    {
        _context.Clock = Clock;
        Filter = new CacheFilter(options ?? new CacheOptions(), _context);
        Assert.True(Filter.StartAsync(default).IsCompletedSuccessfully);
    }

    public FakeTimeProvider Clock { get; } = new();

    public CacheFilter Filter { get; }

    /// <summary>What the origin answers: status, body, fields.</summary>
    public (int Status, string Body, (string Name, string Value)[] Fields) Origin { get; set; } = (200, "hello", [("cache-control", "max-age=60")]);

    /// <summary>Requests the origin saw.</summary>
    public List<RequestHead> Asked { get; } = [];

    /// <summary>The time as the origin writes it into Date.</summary>
    public string Date(int seconds = 0) => Clock.GetUtcNow().AddSeconds(seconds).ToString("r");

    /// <summary>The origin answers 200 with these fields.</summary>
    public CacheRig Answering(params (string Name, string Value)[] fields)
    {
        Origin = (200, "hello", fields);
        return this;
    }

    public Task<TestExchange> GetAsync(string target = "/", params (string Name, string Value)[] fields) => SendAsync(TestExchange.Get(target), fields);

    /// <summary>Sends a request through the filter and, where that does not answer, to the origin.</summary>
    public async Task<TestExchange> SendAsync(TestExchange exchange, params (string Name, string Value)[] fields)
    {
        foreach (var (name, value) in fields)
        {
            exchange.WithHeader(name, value);
        }

        exchange.WithResponse(Origin.Status, Origin.Body, Origin.Fields);
        var run = await exchange.RunAsync(Filter);
        if (run.Upstream is { } attempt)
        {
            Asked.Add(attempt);
        }

        return exchange;
    }

    /// <summary>Whether a second request like the first is answered from the cache.</summary>
    public async Task<bool> IsKeptAsync(params (string Name, string Value)[] request)
    {
        await GetAsync("/", request);
        var before = Asked.Count;
        await GetAsync("/", request);
        return Asked.Count == before;
    }

    public void Advance(int seconds) => Clock.Advance(TimeSpan.FromSeconds(seconds));

    public void Dispose()
    {
        Filter.Dispose();
        _context.Dispose();
    }
}
