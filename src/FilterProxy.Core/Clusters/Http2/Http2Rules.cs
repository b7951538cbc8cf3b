namespace FilterProxy.Core.Clusters.Http2;

/// <summary>How HTTP/2 connections to a cluster's endpoints are kept.</summary>
/// <param name="PingInterval">A connection with streams that is silent for this long is asked whether it lives; zero asks never.</param>
/// <param name="PingTimeout">A connection that does not answer within this time is dead.</param>
/// <param name="StreamWindow">Bytes of a response that may be on their way before the client has taken any; grows by itself.</param>
internal sealed record Http2Rules(TimeSpan PingInterval, TimeSpan PingTimeout, int StreamWindow)
{
    public static readonly Http2Rules Default = new(TimeSpan.Zero, TimeSpan.FromSeconds(10), 256 * 1024);
}
