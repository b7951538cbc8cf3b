namespace FilterProxy.Core.Transport.Epoll;

/// <summary>What ended a <see cref="SplicePump"/>.</summary>
internal enum SpliceEnd
{
    /// <summary>It pays no more, or was asked to stop: the rest goes by reads and writes.</summary>
    Stopped,

    /// <summary>The sender's end.</summary>
    Ended,

    /// <summary>The sender's connection failed.</summary>
    ReadFailed,

    /// <summary>The receiver's connection failed.</summary>
    WriteFailed,
}
