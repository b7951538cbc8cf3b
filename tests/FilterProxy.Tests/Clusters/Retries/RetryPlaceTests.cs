using FilterProxy.Core.Clusters.Guarding;
using FilterProxy.Core.Clusters.Retries;
using FilterProxy.Core.Telemetry;
using Xunit;

namespace FilterProxy.Tests.Clusters.Retries;

public sealed class RetryPlaceTests
{
    [Fact]
    public void A_cluster_has_no_more_retries_than_its_limit_whatever_the_budget()
    {
        var policy = new RetryPolicy { Budget = new RetryBudget(0, 10) };
        var guard = new ClusterGuard { Retries = new RequestLimiter(2, 0, TimeSpan.Zero) };
        var places = new RetryPlace[3];
        Assert.Equal([Limit.None, Limit.None, Limit.MaxRetries], Enumerable.Range(0, 3).Select(i => places[i].TryTake(policy, guard)));
        Assert.Equal((2, 2), (policy.Budget.Active, guard.Retries.Active));
        places[0].Return();
        Assert.Equal(Limit.None, places[2].TryTake(policy, guard));
    }

    [Fact]
    public void One_that_is_taken_again_or_given_back_twice_counts_once()
    {
        var policy = new RetryPolicy { Budget = new RetryBudget(0, 10) };
        var guard = new ClusterGuard();
        var place = new RetryPlace();
        place.TryTake(policy, guard);
        place.TryTake(policy, guard);
        Assert.Equal((1, 1), (policy.Budget.Active, guard.Retries.Active));
        place.Return();
        place.Return();
        Assert.Equal((0, 0), (policy.Budget.Active, guard.Retries.Active));
    }

    [Fact]
    public void The_budget_comes_first()
    {
        var guard = new ClusterGuard();
        Assert.Equal(Limit.RetryBudget, default(RetryPlace).TryTake(new RetryPolicy { Budget = new RetryBudget(0, 0) }, guard));
        Assert.Equal(0, guard.Retries.Active);
    }
}
