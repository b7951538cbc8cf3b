using System.Buffers;

namespace FilterProxy.Core.Buffers;

/// <summary>What one read of a body gave.</summary>
internal enum BodyStatus
{
    /// <summary>Bytes; more may follow.</summary>
    Data,

    /// <summary>The end; there may be last bytes with it.</summary>
    End,

    /// <summary>The sender broke the framing.</summary>
    Malformed,

    /// <summary>The connection ended before the body did.</summary>
    Truncated,

    /// <summary>More bytes than allowed.</summary>
    TooLarge,

    /// <summary>Somebody asked the read to stop.</summary>
    Canceled,
}

/// <summary>A piece of a body; the bytes are valid until <see cref="BodyReader.Advance"/>.</summary>
internal readonly record struct BodyRead(BodyStatus Status, ReadOnlySequence<byte> Data = default)
{
    public bool IsError => Status > BodyStatus.End;
}

/// <summary>A body without its framing, read piece by piece. Each piece is consumed as a whole.</summary>
internal abstract class BodyReader
{
    /// <summary>The next piece. I/O failures of the connection are thrown.</summary>
    public abstract ValueTask<BodyRead> ReadAsync();

    /// <summary>Gives the bytes of the last piece back.</summary>
    public abstract void Advance();
}
