namespace FilterProxy.Filters.ReverseTunnel.Agent;

/// <summary>
/// How long to wait before a server is dialled again: anything up to a bound that doubles, so that many agents do not come together. Only what fails
/// again and again makes it long.
/// </summary>
/// <param name="max">The longest wait for a server that cannot be reached.</param>
/// <param name="maxRefused">The longest wait for one that refuses.</param>
/// <param name="random">From 0 to below 1.</param>
internal sealed class Backoff(TimeSpan max, TimeSpan maxRefused, Func<double> random)
{
    private static readonly TimeSpan First = TimeSpan.FromMilliseconds(100);
    private int _failures;

    /// <summary>After a tunnel that has served: a first wait.</summary>
    public TimeSpan AfterService()
    {
        _failures = 0;
        return Next(max);
    }

    /// <summary>After a server that could not be reached.</summary>
    public TimeSpan AfterFailure() => Next(max);

    /// <summary>After a refusal.</summary>
    /// <param name="retryAfter">When the server wants to be asked again; null where it does not say.</param>
    public TimeSpan AfterRefusal(TimeSpan? retryAfter)
    {
        // Never before, and not all at once either.
        var wait = Next(maxRefused);
        return retryAfter is { } after ? after + (after * 0.1 * random()) : wait;
    }

    private TimeSpan Next(TimeSpan longest)
    {
        var bound = First * Math.Pow(2, Math.Min(_failures++, 20));
        return (bound < longest ? bound : longest) * random();
    }
}
