using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace FilterProxy.TestKit;

/// <summary>Waits for a condition: what tests do instead of sleeping.</summary>
public static class Poll
{
    /// <summary>Completes when the condition holds; fails after <paramref name="timeout"/> (10 seconds) naming the condition.</summary>
    public static Task UntilAsync(
        Func<bool> condition, TimeSpan? timeout = null, [CallerArgumentExpression(nameof(condition))] string what = "") =>
        UntilAsync(() => Task.FromResult(condition()), timeout, what);

    /// <inheritdoc cref="UntilAsync(Func{bool}, TimeSpan?, string)"/>
    public static async Task UntilAsync(
        Func<Task<bool>> condition, TimeSpan? timeout = null, [CallerArgumentExpression(nameof(condition))] string what = "")
    {
        var limit = timeout ?? TimeSpan.FromSeconds(10);
        var started = Stopwatch.GetTimestamp();
        while (!await condition())
        {
            if (Stopwatch.GetElapsedTime(started) > limit)
            {
                throw new TimeoutException($"Not true within {limit.TotalSeconds:0.#} s: {what}");
            }

            await Task.Delay(5);
        }
    }
}
