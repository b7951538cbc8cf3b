using System.ComponentModel.DataAnnotations;

namespace FilterProxy.Core.Config;

/// <summary>
/// What is done when the process has too much to do. Each resource calls for a stage: <c>shed</c> refuses requests of low priority, <c>close</c>
/// ends connections with their current requests as well, <c>refuse</c> takes no new connections either.
/// </summary>
internal sealed record OverloadConfig
{
    /// <summary>Whether stages are entered at all. <c>max_exchanges</c> holds in any case. Default: true.</summary>
    public bool Enabled { get; init; } = true;

    /// <summary>How late the event loops answer, by the latest of them.</summary>
    public OverloadTimesConfig LoopLag { get; init; } = new();

    /// <summary>Resident memory in percent of <c>memory_limit</c>, or the managed heap in percent of what it may have, whichever is more.</summary>
    public OverloadSharesConfig Memory { get; init; } = new();

    /// <summary>Open file descriptors in percent of those for clients: of the limit less an eighth (64 to 1024), which is kept for the rest.</summary>
    public OverloadSharesConfig Descriptors { get; init; } = new();

    /// <summary>How long the request has waited that has waited longest for a place among <c>max_exchanges</c>.</summary>
    public OverloadTimesConfig QueueTime { get; init; } = new();

    /// <summary>Bytes of memory that count as all. Default: what the container may have, else what the machine has.</summary>
    public ByteSize? MemoryLimit { get; init; }

    /// <summary>Duration a mark must be reached without a break before its stage is entered. Default: 1s.</summary>
    public TimeSpan EnterAfter { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Duration the value must be below <c>leave</c> without a break before the stage is left. Default: 3s.</summary>
    public TimeSpan LeaveAfter { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>Duration that refused clients are asked to wait (Retry-After), in whole seconds. Default: 5s.</summary>
    public TimeSpan RetryAfter { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Exchanges under way at a time, on all listeners; further requests wait in the queue. 0 is no limit. Default: 0.</summary>
    [Range(0, int.MaxValue, ErrorMessage = "must be 0 or more")]
    public int MaxExchanges { get; init; }

    /// <summary>Where requests wait for a place among <c>max_exchanges</c>.</summary>
    public OverloadQueueConfig Queue { get; init; } = new();
}
