using System.Buffers;

namespace FilterProxy;

/// <summary>How buffering a body ended.</summary>
public enum BufferStatus
{
    /// <summary>The whole body is in <see cref="BufferResult.Body"/>.</summary>
    Complete,

    /// <summary>It is longer than asked for. What was read is kept and still goes on as the body's beginning.</summary>
    TooLarge,

    /// <summary>It broke off or was malformed; the exchange is failing.</summary>
    Failed,
}

/// <summary>The result of buffering a body.</summary>
/// <param name="Status">How it ended.</param>
/// <param name="Body">The whole body, or its beginning; valid until the exchange ends or the body is replaced.</param>
public readonly record struct BufferResult(BufferStatus Status, ReadOnlySequence<byte> Body)
{
    /// <summary>Whether <see cref="Body"/> is the whole body.</summary>
    public bool IsComplete => Status == BufferStatus.Complete;
}
