namespace FilterProxy.Core.Transport;

/// <summary>How one direction of a relay ended.</summary>
internal enum DirectionEnd
{
    /// <summary>It has not.</summary>
    None,

    /// <summary>By the sender's end, which was passed on.</summary>
    Ended,

    /// <summary>It was asked to.</summary>
    Stopped,

    /// <summary>The sender's connection failed.</summary>
    ReadFailed,

    /// <summary>The receiver's connection failed.</summary>
    WriteFailed,
}
