using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.Tests.Upstream;

/// <summary>Bytes per second, of what may wait and of what may not.</summary>
public sealed class ByteRateTests
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void What_is_beyond_the_rate_waits_until_it_is_paid_off()
    {
        var rate = new ByteRate(1000, _time);
        _time.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal(TimeSpan.Zero, rate.Take(100));
        Assert.Equal(TimeSpan.FromSeconds(0.5), rate.Take(500));
    }

    [Fact]
    public void What_may_not_wait_is_refused_until_that_before_is_paid_off()
    {
        var rate = new ByteRate(1000, _time);
        _time.Advance(TimeSpan.FromSeconds(1));

        Assert.True(rate.TryTake(600));
        Assert.False(rate.TryTake(1));
        _time.Advance(TimeSpan.FromSeconds(0.4));
        Assert.False(rate.TryTake(1));
        _time.Advance(TimeSpan.FromSeconds(0.1));
        Assert.True(rate.TryTake(1));
    }

    [Fact]
    public void The_average_holds_whatever_the_size_of_a_datagram()
    {
        var rate = new ByteRate(100_000, _time);
        long passed = 0;
        for (var i = 0; i < 10_000; i++)
        {
            _time.Advance(TimeSpan.FromMilliseconds(1));
            var size = i % 3 == 0 ? 60_000 : 100;
            passed += rate.TryTake(size) ? size : 0;
        }

        Assert.InRange(passed, 950_000, 1_070_000);
    }
}
