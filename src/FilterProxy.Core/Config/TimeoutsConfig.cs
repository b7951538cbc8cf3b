namespace FilterProxy.Core.Config;

/// <summary>A route's timeouts, over its cluster's. 0 or <c>off</c> is no limit.</summary>
internal sealed record TimeoutsConfig
{
    /// <summary>Duration of the whole exchange, retries included; over it 504. Default: off.</summary>
    public TimeSpan Total { get; init; }

    /// <summary>Duration from the request sent to the response head; over it 504. Default: the cluster's response_timeout.</summary>
    public TimeSpan? Response { get; init; }

    /// <summary>Duration between two reads of the response body. Default: the cluster's read_timeout.</summary>
    public TimeSpan? Read { get; init; }
}
