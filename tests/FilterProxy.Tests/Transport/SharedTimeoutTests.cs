using System.Diagnostics;
using FilterProxy.Core.Transport;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.Tests.Transport;

public sealed class SharedTimeoutTests
{
    [Fact]
    public async Task Nobody_is_cancelled_early_whoever_it_shares_with()
    {
        var limit = TimeSpan.FromMilliseconds(150);
        var timeout = new SharedTimeout(limit);
        var waits = new List<Task<TimeSpan>>();
        for (var i = 0; i < 50; i++)
        {
            var (began, ended) = (Stopwatch.GetTimestamp(), new TaskCompletionSource<TimeSpan>(TaskCreationOptions.RunContinuationsAsynchronously));
            timeout.Token.UnsafeRegister(_ => ended.SetResult(Stopwatch.GetElapsedTime(began)), null);
            waits.Add(ended.Task);
            await Task.Yield();
        }

        Assert.All(await Task.WhenAll(waits).WaitAsync(TimeSpan.FromSeconds(20)), waited => Assert.True(waited >= limit, $"cancelled after {waited}"));
    }

    [Fact]
    public void Those_who_begin_together_share_a_token()
    {
        var timeout = new SharedTimeout(TimeSpan.FromHours(1));

        // Of a hundred in a row not every other can fall into a tenth of a second of its own.
        Assert.InRange(Enumerable.Range(0, 100).Select(_ => timeout.Token).Distinct().Count(), 1, 50);
    }

    [Fact]
    public void Without_a_limit_nobody_is_cancelled() => Assert.False(new SharedTimeout(TimeSpan.Zero).Token.CanBeCanceled);

    [Fact]
    public async Task One_that_is_linked_ends_with_the_other_and_with_the_time()
    {
        using var other = new CancellationTokenSource();
        using var linked = new SharedTimeout(TimeSpan.FromHours(1)).LinkedTo(other.Token);
        using var timed = new SharedTimeout(TimeSpan.FromMilliseconds(20)).LinkedTo(CancellationToken.None);
        Assert.False(linked.IsCancellationRequested);

        await other.CancelAsync();

        Assert.True(linked.IsCancellationRequested);
        await Poll.UntilAsync(() => timed.IsCancellationRequested);
    }
}
