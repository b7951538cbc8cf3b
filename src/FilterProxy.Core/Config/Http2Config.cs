using System.ComponentModel.DataAnnotations;

namespace FilterProxy.Core.Config;

/// <summary>
/// What an HTTP/2 client is offered. The limits of a request (<c>limits</c>) hold for each stream; these hold for the connection that
/// carries them.
/// </summary>
internal sealed record Http2Config
{
    /// <summary>Streams a client may have open at a time on one connection; further ones are refused. Default: 100.</summary>
    [Range(1, 10_000, ErrorMessage = "must be between 1 and 10000")]
    public int MaxStreams { get; init; } = 100;

    /// <summary>
    /// Frames that carry no request (PING, SETTINGS, PRIORITY, RST_STREAM, WINDOW_UPDATE, empty DATA) a client may send per second, ten seconds
    /// ahead; those that belong to requests and replies come on top. Over it the connection is closed. 0 for no limit. Default: 1000.
    /// </summary>
    [Range(0, 1_000_000, ErrorMessage = "must be between 0 and 1000000")]
    public int ControlFrames { get; init; } = 1000;

    /// <summary>Size of the table for header compression, in each direction. At most 64KiB. Default: 4KiB.</summary>
    public ByteSize HeaderTable { get; init; } = ByteSize.FromKiB(4);

    /// <summary>Size of the largest frame a client may send; from 16KiB to 16383KiB. Default: 16KiB.</summary>
    public ByteSize FrameSize { get; init; } = ByteSize.FromKiB(16);

    /// <summary>
    /// Bytes of request bodies a client may send ahead on one stream; a long way to the client wants more: half of it
    /// comes back at a time. At least 64KiB, or 0 for what is the default. Default: 256KiB; 1MiB on a listener with a <c>source</c>.
    /// </summary>
    public ByteSize StreamWindow { get; init; }

    /// <summary>
    /// Bytes of request bodies a client may send ahead on all streams of a connection together: what one connection can make the
    /// proxy hold. With less than twice <c>max_streams</c> times <c>stream_window</c>, uploads that nobody reads stop those beside
    /// them. At least 64KiB. Default: 1MiB.
    /// </summary>
    public ByteSize ConnectionWindow { get; init; } = ByteSize.FromMiB(1);

    /// <summary>
    /// Duration without a frame from the client after which it is sent a PING; 0 or <c>off</c> sends none. At least 1s.
    /// Default: off.
    /// </summary>
    public TimeSpan PingInterval { get; init; }

    /// <summary>Duration the client may take to answer a PING; over it the connection is closed. At least 1s. Default: 20s.</summary>
    public TimeSpan PingTimeout { get; init; } = TimeSpan.FromSeconds(20);
}
