namespace FilterProxy.Core.Config;

/// <summary>A gRPC status that may be worth another attempt; its number is the protocol's.</summary>
internal enum GrpcStatusName
{
    /// <summary>1.</summary>
    Cancelled = 1,

    /// <summary>2.</summary>
    Unknown = 2,

    /// <summary>4.</summary>
    DeadlineExceeded = 4,

    /// <summary>8.</summary>
    ResourceExhausted = 8,

    /// <summary>10.</summary>
    Aborted = 10,

    /// <summary>13.</summary>
    Internal = 13,

    /// <summary>14.</summary>
    Unavailable = 14,
}
