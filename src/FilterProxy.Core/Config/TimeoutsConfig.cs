namespace FilterProxy.Core.Config;

/// <summary>A route's timeouts, over its cluster's. 0 or <c>off</c> is no limit.</summary>
internal sealed record TimeoutsConfig
{
    /// <summary>
    /// Duration of the whole exchange from its routing on, filters and retries included, up to the end of the response or a switch of
    /// protocols; over it 504, or a cut where the response has begun. Default: off.
    /// </summary>
    public TimeSpan Total { get; init; }

    /// <summary>
    /// Duration in which no byte of the exchange moves in either direction, whatever it waits for; over it 504, or a cut where the
    /// response has begun. Noticed at most a quarter of it late. Default: off.
    /// </summary>
    public TimeSpan Idle { get; init; }

    /// <summary>
    /// Duration of one attempt, from connecting to the response head. Over it the attempt has failed: another may follow where a
    /// filter asks for it, else 504. Default: the cluster's per_try_timeout.
    /// </summary>
    public TimeSpan? PerTry { get; init; }

    /// <summary>Duration from the request sent to the response head; over it 504. Default: the cluster's response_timeout.</summary>
    public TimeSpan? Response { get; init; }

    /// <summary>Duration between two reads of the response body; over it the response is cut. Default: the cluster's read_timeout.</summary>
    public TimeSpan? Read { get; init; }
}
