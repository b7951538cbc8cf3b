using FilterProxy.Core.Clusters.Breaking;
using Xunit;

namespace FilterProxy.Tests.Clusters.Breaking;

public sealed class CircuitBreakerTests
{
    private readonly CircuitBreaker _breaker = new("c", new BreakerRules(BreakerConditionTests.Parse("error_ratio > 50%"), 10_000, 10, 5000, 2), null);
    private long _now = 1000;

    [Fact]
    public void It_opens_when_its_condition_holds_and_enough_was_seen()
    {
        Observe(500, 9);
        Pass(100);
        Assert.Equal(BreakerState.Closed, _breaker.State);
        Observe(500, 1);
        Pass(100);
        Assert.Equal((BreakerState.Open, false, 1), (_breaker.State, _breaker.TryPass(), _breaker.Openings));
    }

    [Fact]
    public void After_a_while_a_few_requests_pass_and_close_it_when_they_succeed()
    {
        Open();
        Pass(4000);
        Assert.False(_breaker.TryPass());
        Pass(1100);
        Assert.Equal([true, true, false], Enumerable.Range(0, 3).Select(_ => _breaker.TryPass()));
        Observe(200, 1);
        Assert.Equal(BreakerState.HalfOpen, _breaker.State);
        Observe(404, 1);
        Assert.Equal((BreakerState.Closed, true), (_breaker.State, _breaker.TryPass()));

        // What it saw before is forgotten.
        Pass(100);
        Assert.Equal(BreakerState.Closed, _breaker.State);
    }

    [Fact]
    public void One_of_them_that_fails_opens_it_again()
    {
        Open();
        Pass(5100);
        Assert.True(_breaker.TryPass());
        Observe(500, 1);
        Assert.Equal((BreakerState.Open, false), (_breaker.State, _breaker.TryPass()));
        Pass(4000);
        Assert.False(_breaker.TryPass());
        Pass(1100);
        Assert.True(_breaker.TryPass());
    }

    [Fact]
    public void A_clock_that_jumps_ahead_empties_the_window_and_ends_the_time_it_is_open()
    {
        Observe(500, 9);
        Pass(10_000_000);
        Observe(500, 1);
        Pass(100);
        Assert.Equal(BreakerState.Closed, _breaker.State);
        Open();
        Pass(10_000_000);
        Assert.Equal((BreakerState.HalfOpen, true), (_breaker.State, _breaker.TryPass()));
    }

    [Fact]
    public void Its_changes_are_counted()
    {
        Open();
        Pass(5100);
        Observe(500, 1);
        Pass(5100);
        Observe(200, 2);
        Assert.Equal((1L, 2L, 2L), (_breaker.ChangesTo(BreakerState.Closed), _breaker.ChangesTo(BreakerState.HalfOpen), _breaker.ChangesTo(BreakerState.Open)));
    }

    [Fact]
    public void Requests_that_never_say_how_it_went_do_not_hold_it_half_open()
    {
        Open();
        Pass(5100);
        Assert.Equal([true, true, false], Enumerable.Range(0, 3).Select(_ => _breaker.TryPass()));
        Pass(5100);
        Assert.True(_breaker.TryPass());
    }

    [Fact]
    public void Watching_and_passing_allocate_nothing() => Assert.Equal(0, TestKit.Allocations.Of(() =>
    {
        _breaker.TryPass();
        Observe(200, 1);
    }));

    private void Open()
    {
        Observe(500, 20);
        Pass(100);
    }

    private void Pass(long milliseconds)
    {
        for (var end = _now + milliseconds; _now < end; _now += 100)
        {
            _breaker.OnHeartbeat(_now);
        }
    }

    private void Observe(int status, int times)
    {
        for (var i = 0; i < times; i++)
        {
            _breaker.Observe(null!, new Outcome(status, ProxyErrorKind.None, TimeSpan.FromMilliseconds(1)));
        }
    }
}
