using System.ComponentModel.DataAnnotations;

namespace FilterProxy.Core.Config;

/// <summary>
/// The queue before <c>max_exchanges</c>: higher priorities first, then in order. One that stands, because even the luckiest of an
/// <c>interval</c> waited longer than <c>target</c>, serves nobody who has: a short wait for most, instead of a long one for all.
/// </summary>
internal sealed record OverloadQueueConfig
{
    /// <summary>Requests that may wait; further ones get 503, or take the place of the last of a lower priority. Default: 1000.</summary>
    [Range(0, 1_000_000, ErrorMessage = "must be between 0 and 1000000")]
    public int Size { get; init; } = 1000;

    /// <summary>Duration a request may wait while the queue stands; over it 503, unless its priority is high. Default: 50ms.</summary>
    public TimeSpan Target { get; init; } = TimeSpan.FromMilliseconds(50);

    /// <summary>Duration after which a queue stands that was never shorter than <c>target</c>. Default: 500ms.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>Duration a request may wait at all; over it 503. Default: 5s.</summary>
    public TimeSpan Deadline { get; init; } = TimeSpan.FromSeconds(5);
}
