using FilterProxy.Core.Transport;
using Xunit;

namespace FilterProxy.Tests.Transport;

public sealed class MinimumRateTests
{
    private MinimumRate _rate;

    [Fact]
    public void The_first_wait_may_last_as_long_as_the_grace()
    {
        _rate.Begin(500);

        Assert.Equal(500, _rate.BeginWait(now: 1000, total: 0, rate: 100, cap: 60_000));
    }

    [Fact]
    public void A_wait_spends_its_length_and_bytes_earn_their_time()
    {
        _rate.Begin(500);
        _rate.BeginWait(1000, 0, 100, 60_000);
        _rate.EndWait(1400);

        Assert.Equal(100 + 2000, _rate.BeginWait(5000, 200, 100, 60_000));
    }

    [Fact]
    public void Time_between_two_waits_is_not_the_peers()
    {
        _rate.Begin(500);
        _rate.BeginWait(1000, 0, 100, 60_000);
        _rate.EndWait(1100);

        Assert.Equal(400, _rate.BeginWait(90_000, 0, 100, 60_000));
    }

    [Fact]
    public void Bytes_earn_no_more_than_the_cap()
    {
        _rate.Begin(500);

        Assert.Equal(3000, _rate.BeginWait(1000, long.MaxValue, 100, 3000));
    }

    [Fact]
    public void Without_a_cap_a_fast_beginning_pays_for_everything()
    {
        _rate.Begin(0);

        Assert.Equal(1_000_000, _rate.BeginWait(1000, 100_000, 100, 0));
    }

    [Fact]
    public void A_grace_longer_than_the_cap_stays_the_grace()
    {
        _rate.Begin(5000);

        Assert.Equal(5000, _rate.BeginWait(1000, 10_000, 100, 1000));
    }

    [Fact]
    public void Spent_credit_is_due_at_once_and_not_without_limit()
    {
        _rate.Begin(500);
        _rate.BeginWait(1000, 0, 100, 60_000);
        _rate.EndWait(9000);

        Assert.Equal(1, _rate.BeginWait(9000, 0, 100, 60_000));
    }
}
