using System.Buffers;

namespace FilterProxy.Core.Buffers;

/// <summary>Where a body goes, with whatever framing its protocol has. Small pieces may gather until <see cref="FlushAsync"/>.</summary>
internal abstract class BodyWriter
{
    /// <summary>Whether bytes wait to be flushed.</summary>
    public abstract bool HasUnflushed { get; }

    /// <summary>Writes a piece; flushes when enough has gathered. False when the other side is gone or the length was exceeded.</summary>
    public abstract ValueTask<bool> WriteAsync(in ReadOnlySequence<byte> data);

    /// <summary>Writes what ends the body. False when fewer bytes were written than announced: the message must be cut.</summary>
    public abstract bool End(HeaderMap? trailers);

    /// <summary>Sends what was written. False when the other side is gone.</summary>
    public abstract ValueTask<bool> FlushAsync();
}
