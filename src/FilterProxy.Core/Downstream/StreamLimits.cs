using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace FilterProxy.Core.Downstream;

/// <summary>
/// The limits of a listener that Kestrel's engine enforces, for HTTP/2. Those of a single request are the engine's own: Kestrel's are set
/// wider, so that a request over them is answered, filtered and logged like any other.
/// </summary>
internal sealed record StreamLimits
{
    private static readonly TimeSpan Least = TimeSpan.FromSeconds(1);

    // Kestrel adds a time to its clock, where one without end overflows and is over at once.
    private static readonly TimeSpan Never = TimeSpan.FromDays(3650);

    /// <summary>Bytes of request bodies a client may send ahead on one stream.</summary>
    public const int DefaultStreamWindow = 256 * 1024;

    private const int LeastOfSource = 4096;

    // What a stream of bytes sends while the word that half of its window is free again is on its way through two processes.
    private const int WindowOfSource = 1024 * 1024;
    private static readonly TimeSpan PingOfSource = TimeSpan.FromSeconds(2);

    public int MaxStreams { get; init; } = 100;

    /// <summary>Per second, of those that carry no request; 0 for no limit.</summary>
    public int ControlFrames { get; init; } = 1000;

    public int HeaderTable { get; init; } = 4096;

    public int FrameSize { get; init; } = 16 * 1024;

    public int StreamWindow { get; init; } = DefaultStreamWindow;

    public int ConnectionWindow { get; init; } = 1024 * 1024;

    /// <summary>Zero for no PING.</summary>
    public TimeSpan PingInterval { get; init; }

    public TimeSpan PingTimeout { get; init; } = TimeSpan.FromSeconds(20);

    public int HeaderCount { get; init; } = 100;

    /// <summary>Bytes of a header list as header compression counts them; what clients are told.</summary>
    public int HeaderList { get; init; } = 36 * 1024;

    /// <summary>Bytes that wait in memory per connection and direction.</summary>
    public long Buffer { get; init; } = 128 * 1024;

    public TimeSpan HeaderTimeout { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>Bytes per second a client must take; 0 for no limit.</summary>
    public double ResponseRate { get; init; } = 240;

    public TimeSpan RateGrace { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// As they are for connections that carry the requests of many clients: one that sends or takes little must not end, or stop, the others.
    /// </summary>
    /// <param name="hasWindow">Whether the window of a stream is as it was asked for.</param>
    public StreamLimits ForSource(bool hasWindow)
    {
        var streams = Math.Max(MaxStreams, LeastOfSource);
        var window = hasWindow ? StreamWindow : WindowOfSource;
        return this with
        {
            MaxStreams = streams,
            StreamWindow = window,

            // Kestrel gives room for more on the connection only after half of it was consumed.
            ConnectionWindow = (int)Math.Min(Math.Max(2L * streams * window, ConnectionWindow), int.MaxValue),
            ControlFrames = 0,
            ResponseRate = 0,
            PingInterval = PingInterval > TimeSpan.Zero ? PingInterval : PingOfSource,
            PingTimeout = PingInterval > TimeSpan.Zero ? PingTimeout : PingOfSource * 2,
        };
    }

    /// <summary>Puts them in force for connections that begin from now on.</summary>
    public void ApplyTo(KestrelServerLimits limits)
    {
        limits.MaxRequestBodySize = null;
        limits.MinRequestBodyDataRate = null;
        limits.MaxRequestHeaderCount = HeaderCount * 2;
        limits.MaxRequestHeadersTotalSize = HeaderList;
        limits.MaxRequestLineSize = HeaderList;
        limits.MaxRequestBufferSize = Buffer;
        limits.MaxResponseBufferSize = Buffer;

        // Who is idle is seen, and counted, by the connection itself.
        limits.KeepAliveTimeout = Never;
        limits.RequestHeadersTimeout = OrNever(HeaderTimeout);

        // For what has been handed over and waits in Kestrel for the client's window; up to then the exchange's own rate holds.
        limits.MinResponseDataRate = ResponseRate > 0 ? new MinDataRate(ResponseRate, RateGrace > Least ? RateGrace : Least * 2) : null;
        limits.Http2.MaxStreamsPerConnection = MaxStreams;
        limits.Http2.HeaderTableSize = HeaderTable;
        limits.Http2.MaxFrameSize = FrameSize;
        limits.Http2.MaxRequestHeaderFieldSize = HeaderList;
        limits.Http2.InitialStreamWindowSize = StreamWindow;
        limits.Http2.InitialConnectionWindowSize = ConnectionWindow;
        limits.Http2.KeepAlivePingDelay = PingInterval > TimeSpan.Zero ? PingInterval : TimeSpan.MaxValue;
        limits.Http2.KeepAlivePingTimeout = PingTimeout;
    }

    private static TimeSpan OrNever(TimeSpan time) => time > TimeSpan.Zero && time < Never ? time : Never;
}
