using FilterProxy.Core.Downstream;

namespace FilterProxy.Core.Config;

/// <summary>Makes the limits Kestrel's engine holds HTTP/2 clients to.</summary>
internal static class StreamLimitsCompiler
{
    // The fields that begin with a colon, which are no headers in HTTP/1.
    private const int PseudoFields = 5;
    private const int PseudoBytes = 256;

    // What header compression counts for a field beyond its name and value (RFC 7541 §4.1), less what HTTP/1 has between them.
    private const int FieldOverhead = 28;

    public static StreamLimits Compile(LimitsConfig limits, Http2Config http2) => new()
    {
        MaxStreams = http2.MaxStreams,
        ControlFrames = http2.ControlFrames,
        HeaderTable = (int)http2.HeaderTable.Bytes,
        FrameSize = (int)Math.Min(http2.FrameSize.Bytes, (1 << 24) - 1),
        StreamWindow = http2.StreamWindow.Bytes > 0 ? (int)http2.StreamWindow.Bytes : StreamLimits.DefaultStreamWindow,
        ConnectionWindow = (int)http2.ConnectionWindow.Bytes,
        PingInterval = http2.PingInterval,
        PingTimeout = http2.PingTimeout,
        HeaderCount = limits.HeaderCount + PseudoFields,
        HeaderList = (int)Math.Min(limits.RequestHead.Bytes + (FieldOverhead * (long)limits.HeaderCount) + PseudoBytes, 1 << 24),
        Buffer = Math.Clamp(limits.ConnectionBuffer.Bytes, 16 * 1024, int.MaxValue),
        HeaderTimeout = limits.HeaderTimeout,
        ResponseRate = limits.ResponseBodyRate?.Bytes ?? 0,
        RateGrace = limits.RateGrace,
    };
}
