using FilterProxy.Core.Clusters.Guarding;
using FilterProxy.Core.Telemetry;
using Xunit;

namespace FilterProxy.Tests.Clusters.Guarding;

public sealed class RequestLimiterTests
{
    [Fact]
    public void No_more_enter_than_there_are_places()
    {
        var limiter = new RequestLimiter(2, 0, TimeSpan.Zero);
        Assert.Equal([true, true, false], Enumerable.Range(0, 3).Select(_ => limiter.TryEnter()));
        limiter.Leave();
        Assert.True(limiter.TryEnter());
    }

    [Fact]
    public async Task It_is_exact_under_contention()
    {
        var limiter = new RequestLimiter(5, 100, TimeSpan.FromSeconds(30));
        int inside = 0, most = 0;
        await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => Task.Run(async () =>
        {
            for (var i = 0; i < 500; i++)
            {
                if (!limiter.TryEnter())
                {
                    Assert.Equal(Limit.None, await limiter.EnterAsync(default));
                }

                var now = Interlocked.Increment(ref inside);
                most = Math.Max(most, now);
                await Task.Yield();
                Interlocked.Decrement(ref inside);
                limiter.Leave();
            }
        })));
        Assert.Equal((0, 0, 5), (limiter.Active, limiter.Pending, most));
    }

    [Fact]
    public async Task Who_waited_longest_is_next()
    {
        var limiter = new RequestLimiter(1, 10, TimeSpan.Zero);
        limiter.TryEnter();
        var first = limiter.EnterAsync(default).AsTask();
        var second = limiter.EnterAsync(default).AsTask();
        limiter.Leave();
        Assert.Equal(Limit.None, await first);
        Assert.False(second.IsCompleted);
        limiter.Leave();
        Assert.Equal(Limit.None, await second);
        Assert.Equal(1, limiter.Active);
    }

    [Fact]
    public async Task The_queue_is_bounded_and_patience_ends()
    {
        var limiter = new RequestLimiter(1, 1, TimeSpan.FromMilliseconds(20));
        limiter.TryEnter();
        var waiting = limiter.EnterAsync(default).AsTask();
        Assert.Equal(Limit.MaxPending, await limiter.EnterAsync(default));
        Assert.Equal(Limit.PendingTimeout, await waiting);
        Assert.Equal(0, limiter.Pending);
        Assert.Equal(Limit.MaxRequests, await new RequestLimiter(1, 0, TimeSpan.Zero).EnterAsync(default));
    }

    [Fact]
    public async Task A_request_that_is_given_up_leaves_its_place_in_the_queue()
    {
        var limiter = new RequestLimiter(1, 10, TimeSpan.Zero);
        limiter.TryEnter();
        using var gone = new CancellationTokenSource();
        var waiting = limiter.EnterAsync(gone.Token).AsTask();
        await gone.CancelAsync();
        Assert.NotEqual(Limit.None, await waiting);
        limiter.Leave();
        Assert.Equal(0, limiter.Active);
    }

    [Fact]
    public async Task A_limit_that_grows_lets_those_in_who_wait()
    {
        var limiter = new RequestLimiter(1, 10, TimeSpan.Zero);
        limiter.TryEnter();
        var waiting = limiter.EnterAsync(default).AsTask();
        limiter.Max = 2;
        Assert.Equal(Limit.None, await waiting);
        Assert.Equal(2, limiter.Active);
    }

    [Fact]
    public void An_adaptive_limit_grows_while_answers_are_as_fast_and_shrinks_when_they_are_not()
    {
        var limiter = new RequestLimiter(1000, 10, TimeSpan.Zero);
        var adaptive = new AdaptiveLimit(limiter, 5, 1000, 1.5);
        var now = 0L;
        Run(20, 10);
        var grown = limiter.Max;
        Assert.InRange(grown, 110, 1000);
        Run(20, 100);
        Assert.InRange(limiter.Max, 5, grown / 2);
        Run(150, 10);
        Assert.InRange(limiter.Max, grown, 1000);

        void Run(int windows, int milliseconds)
        {
            for (var i = 0; i < windows; i++)
            {
                while (limiter.Active < limiter.Max)
                {
                    limiter.TryEnter();
                }

                while (limiter.Active > limiter.Max)
                {
                    limiter.Leave();
                }

                for (var k = 0; k < 20; k++)
                {
                    adaptive.Observe(null!, new Outcome(200, ProxyErrorKind.None, TimeSpan.FromMilliseconds(milliseconds)));
                }

                adaptive.OnHeartbeat(now += 500);
            }
        }
    }
}
