namespace FilterProxy.Core.Clusters.Retries;

/// <summary>
/// Keeps retries a part of a cluster's traffic: when everything fails, every request that is tried three times is three times the load on what
/// is failing already.
/// </summary>
/// <param name="percent">Retries under way, in percent of the requests under way.</param>
/// <param name="min">Retries that may always be under way.</param>
internal sealed class RetryBudget(int percent, int min)
{
    private int _active;

    /// <summary>Retries under way.</summary>
    public int Active => Volatile.Read(ref _active);

    /// <summary>Whether one more may be, with so many requests under way; if so <see cref="Return"/> follows.</summary>
    public bool TryTake(int requests)
    {
        var most = Math.Max(min, (int)(requests * (long)percent / 100));
        while (true)
        {
            var active = Active;
            if (active >= most)
            {
                return false;
            }

            if (Interlocked.CompareExchange(ref _active, active + 1, active) == active)
            {
                return true;
            }
        }
    }

    public void Return() => Interlocked.Decrement(ref _active);
}
