namespace FilterProxy.Filters.RateLimit;

/// <summary>What a limit says to a request. Times are in ticks of 100 ns.</summary>
/// <param name="IsAllowed">It may pass, after <paramref name="Wait"/>.</param>
/// <param name="Remaining">What may come at once after it.</param>
/// <param name="Reset">Until all of the limit is there again.</param>
/// <param name="Wait">Until it may pass, or, when it may not, until it is worth asking again.</param>
internal readonly record struct Verdict(bool IsAllowed, long Remaining, long Reset, long Wait)
{
    /// <summary>It may pass, but not because there was something left here: redis is to be asked.</summary>
    public bool IsOpen { get; init; }

    public static Verdict Open => new(true, 0, 0, 0) { IsOpen = true };
}
