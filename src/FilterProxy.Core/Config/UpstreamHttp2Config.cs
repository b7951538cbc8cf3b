namespace FilterProxy.Core.Config;

/// <summary>How HTTP/2 connections to endpoints are kept, beside what <c>pool</c> says.</summary>
internal sealed record UpstreamHttp2Config
{
    /// <summary>
    /// Duration of silence after which a connection with requests on it is asked whether it lives (PING). Many gRPC servers end
    /// connections that ask more often than every 5 minutes. Default: off.
    /// </summary>
    public TimeSpan PingInterval { get; init; }

    /// <summary>Duration in which it must answer; over it the connection is dead. Default: 10s.</summary>
    public TimeSpan PingTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Bytes of one response that may be on their way before the client has taken any; grows by itself where the way is long. 64 KiB to
    /// 16 MiB. Default: 256KiB.
    /// </summary>
    public ByteSize StreamWindow { get; init; } = ByteSize.FromKiB(256);
}
