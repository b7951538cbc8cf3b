using FilterProxy.Filters.ConnectionGuard;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.Filters.Tests.ConnectionGuard;

public sealed class RateTableTests
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void A_burst_passes_and_then_one_per_interval()
    {
        var table = new RateTable(_time);
        Assert.Equal(3, Enumerable.Range(0, 10).Count(_ => table.TryTake(1, 1, 3, 100)));

        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.True(table.TryTake(1, 1, 3, 100));
        Assert.False(table.TryTake(1, 1, 3, 100));
        _time.Advance(TimeSpan.FromSeconds(100));
        Assert.Equal(3, Enumerable.Range(0, 10).Count(_ => table.TryTake(1, 1, 3, 100)));
    }

    [Fact]
    public void Clients_do_not_pay_for_each_other()
    {
        var table = new RateTable(_time);
        Assert.True(table.TryTake(1, 1, 1, 100));
        Assert.False(table.TryTake(1, 1, 1, 100));

        Assert.True(table.TryTake(2, 1, 1, 100));
    }

    [Fact]
    public void However_many_clients_come_no_more_are_kept_than_told()
    {
        var table = new RateTable(_time);
        for (UInt128 client = 1; client < 10_000; client++)
        {
            table.TryTake(client, 1, 1, 100);
            Assert.InRange(table.Count, 1, 102);
        }
    }
}
