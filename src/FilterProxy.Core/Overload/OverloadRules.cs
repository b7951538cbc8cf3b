namespace FilterProxy.Core.Overload;

/// <summary>When what is done about overload, as configured.</summary>
internal sealed record OverloadRules
{
    /// <summary>None: everybody is served.</summary>
    public static readonly OverloadRules Off = new();

    public StageMarks LoopLag { get; init; } = StageMarks.Off;

    public StageMarks Memory { get; init; } = StageMarks.Off;

    public StageMarks Descriptors { get; init; } = StageMarks.Off;

    public StageMarks QueueTime { get; init; } = StageMarks.Off;

    /// <summary>Bytes of memory that count as all; 0 for what the container or the machine has.</summary>
    public long MemoryLimit { get; init; }

    /// <summary>For how long a mark must be reached without a break before its stage is entered.</summary>
    public TimeSpan EnterAfter { get; init; }

    /// <summary>For how long it must not be reached before the stage is left.</summary>
    public TimeSpan LeaveAfter { get; init; }

    /// <summary>The Retry-After of refused requests, in seconds.</summary>
    public byte[] RetryAfter { get; init; } = "1"u8.ToArray();

    /// <summary>Exchanges at a time; 0 for no limit.</summary>
    public int MaxExchanges { get; init; }

    /// <summary>Requests that may wait for a place among them.</summary>
    public int QueueSize { get; init; }

    /// <summary>How long a request may wait while many wait all the time.</summary>
    public TimeSpan QueueTarget { get; init; }

    /// <summary>For how long all must have waited longer than that, for that to hold.</summary>
    public TimeSpan QueueInterval { get; init; }

    /// <summary>How long a request may wait at the most.</summary>
    public TimeSpan QueueDeadline { get; init; }

    public StageMarks Of(OverloadResource resource) => resource switch
    {
        OverloadResource.LoopLag => LoopLag,
        OverloadResource.Memory => Memory,
        OverloadResource.Descriptors => Descriptors,
        _ => QueueTime,
    };
}
