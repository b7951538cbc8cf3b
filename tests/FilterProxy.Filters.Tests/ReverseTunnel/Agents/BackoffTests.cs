using FilterProxy.Filters.ReverseTunnel.Agent;
using Xunit;

namespace FilterProxy.Filters.Tests.ReverseTunnel.Agents;

public sealed class BackoffTests
{
    private static readonly TimeSpan Max = TimeSpan.FromSeconds(1), MaxRefused = TimeSpan.FromSeconds(30);

    [Fact]
    public void Waits_double_up_to_their_bound()
    {
        var backoff = new Backoff(Max, MaxRefused, () => 1);

        Assert.Equal([100, 200, 400, 800, 1000, 1000], Enumerable.Range(0, 6).Select(_ => (int)backoff.AfterFailure().TotalMilliseconds));
    }

    [Fact]
    public void A_wait_is_anything_up_to_its_bound()
    {
        Assert.Equal(TimeSpan.Zero, new Backoff(Max, MaxRefused, () => 0).AfterFailure());
        Assert.Equal(TimeSpan.FromMilliseconds(50), new Backoff(Max, MaxRefused, () => 0.5).AfterFailure());
    }

    [Fact]
    public void After_service_it_begins_anew()
    {
        var backoff = new Backoff(Max, MaxRefused, () => 1);
        backoff.AfterFailure();
        backoff.AfterFailure();

        Assert.Equal(TimeSpan.FromMilliseconds(100), backoff.AfterService());
    }

    [Fact]
    public void Refusals_go_on_to_a_longer_wait()
    {
        var backoff = new Backoff(Max, MaxRefused, () => 1);

        Assert.Equal(MaxRefused, Enumerable.Range(0, 12).Select(_ => backoff.AfterRefusal(null)).ToList()[^1]);
    }

    [Theory]
    [InlineData(0, 5)]
    [InlineData(0.5, 5.25)]
    public void Nobody_comes_back_before_the_server_wants_it(double random, double seconds) =>
        Assert.Equal(TimeSpan.FromSeconds(seconds), new Backoff(Max, MaxRefused, () => random).AfterRefusal(TimeSpan.FromSeconds(5)));
}
