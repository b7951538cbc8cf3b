namespace FilterProxy.Core.Overload;

/// <summary>What there may be too little of.</summary>
internal enum OverloadResource : byte
{
    /// <summary>Time of the event loops: how late the slowest of them answers.</summary>
    LoopLag,

    /// <summary>Memory of the process, as a share of what it may have.</summary>
    Memory,

    /// <summary>File descriptors, as a share of those for clients.</summary>
    Descriptors,

    /// <summary>Places for exchanges: how long the one has waited that has waited longest.</summary>
    QueueTime,
}
