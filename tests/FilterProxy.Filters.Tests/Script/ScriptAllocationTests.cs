using System.Text.Json.Nodes;
using FilterProxy.TestKit;
using FilterProxy.Tests;
using Xunit;
using Xunit.Abstractions;

namespace FilterProxy.Filters.Tests.Script;

/// <summary>What a call of a script allocates: the figures of the filter's README, held to within a fifth.</summary>
public sealed class ScriptAllocationTests(ITestOutputHelper output) : IDisposable
{
    private const int Calls = 200;
    private readonly TestScript _script = new();

    [Theory]
    [InlineData("function route(request) { return 'beta'; }", 1.5)]
    [InlineData("function route(request) { return request.path === '/' && request.cookie('user') === 'alice' ? 'beta' : 'main'; }", 2.4)]
    [InlineData(null, 14)]
    public async Task A_call_allocates_what_the_README_says(string? script, double kilobytes)
    {
        _script.Config = JsonNode.Parse("""{ "canaryPercent": 10, "betaUsers": ["alice", "bob"], "tenants": { "acme": "main" } }""");
        _script.Options = _script.Options with { Fallback = "main" };
        var filter = _script.Load(script ?? await File.ReadAllTextAsync(Repository.PathOf("conf", "examples", "routes.js")));
        await filter.StartAsync(default);
        var exchanges = Enumerable.Range(0, 2 * Calls).Select(_ => _script.Exchange("/").WithHeader("cookie", "user=carol; visitor=7")).ToArray();
        try
        {
            Call(filter, exchanges.AsSpan(0, Calls));

            var before = GC.GetAllocatedBytesForCurrentThread();
            Call(filter, exchanges.AsSpan(Calls));
            var each = (GC.GetAllocatedBytesForCurrentThread() - before) / 1024.0 / Calls;

            output.WriteLine($"{each:0.00} KiB per call");
            Assert.InRange(each, kilobytes * 0.8, kilobytes * 1.2);
        }
        finally
        {
            Array.ForEach(exchanges, exchange => exchange.Dispose());
        }
    }

    public void Dispose() => _script.Dispose();

    private static void Call(IRequestFilter filter, ReadOnlySpan<TestExchange> exchanges)
    {
        foreach (var exchange in exchanges)
        {
            Assert.True(filter.OnRequestAsync(exchange).IsCompletedSuccessfully);
        }
    }
}
