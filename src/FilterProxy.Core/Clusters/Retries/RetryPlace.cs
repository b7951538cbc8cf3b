using FilterProxy.Core.Clusters.Guarding;
using FilterProxy.Core.Telemetry;

namespace FilterProxy.Core.Clusters.Retries;

/// <summary>The place a retry or a hedge takes while it is under way: in its policy's budget, and among its cluster's retries.</summary>
internal struct RetryPlace
{
    private RetryBudget? _budget;
    private RequestLimiter? _retries;

    /// <summary>Takes one, and gives back the one before it. The limit that was reached; none when there was a place.</summary>
    /// <param name="policy">The policy.</param>
    /// <param name="guard">The cluster's; null where no cluster counts the exchange.</param>
    public Limit TryTake(RetryPolicy policy, ClusterGuard? guard)
    {
        Return();
        if (!policy.Budget.TryTake(guard?.Requests.Active ?? 0))
        {
            return Limit.RetryBudget;
        }

        if (guard?.Retries.TryEnter() == false)
        {
            policy.Budget.Return();
            return Limit.MaxRetries;
        }

        (_budget, _retries) = (policy.Budget, guard?.Retries);
        return Limit.None;
    }

    /// <summary>Gives it back, where one was taken.</summary>
    public void Return()
    {
        _budget?.Return();
        _retries?.Leave();
        (_budget, _retries) = (null, null);
    }
}
