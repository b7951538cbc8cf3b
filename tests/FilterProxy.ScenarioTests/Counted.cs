using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.ScenarioTests;

/// <summary>Asserts what a proxy's metrics say about its limits.</summary>
internal static class Counted
{
    /// <summary>Exactly one limit was reached, once.</summary>
    public static Task LimitAsync(TestProxy proxy, string key) => OnceAsync(proxy, $"filterproxy.limit.reached limit={key}");

    /// <summary>Exactly one timeout ended something, once.</summary>
    public static Task TimeoutAsync(TestProxy proxy, string key) => OnceAsync(proxy, $"filterproxy.timeout timeout={key}");

    /// <summary>No limit was reached and no timeout ended anything.</summary>
    public static void Nothing(TestProxy proxy) => Assert.Empty(Of(proxy));

    private static async Task OnceAsync(TestProxy proxy, string counter)
    {
        await Poll.UntilAsync(() => Of(proxy).Count > 0, what: $"{counter} is counted");
        Assert.Equal(new KeyValuePair<string, long>(counter, 1), Assert.Single(Of(proxy)));
    }

    private static List<KeyValuePair<string, long>> Of(TestProxy proxy) =>
        [.. proxy.Counts.Where(c => c.Key.StartsWith("filterproxy.limit", StringComparison.Ordinal) || c.Key.StartsWith("filterproxy.timeout", StringComparison.Ordinal))];
}
