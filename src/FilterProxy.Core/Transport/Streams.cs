using System.Net;
using System.Net.Sockets;
using FilterProxy.Core.Components;
using Microsoft.AspNetCore.Connections;

namespace FilterProxy.Core.Transport;

/// <summary>Byte streams for components, on the loop that asks for them.</summary>
internal sealed class Streams(Heartbeat heartbeat, TimeProvider time) : IStreams
{
    public async ValueTask<ConnectionContext> ConnectAsync(IPEndPoint address, CancellationToken cancel)
    {
        try
        {
            return await TcpConnector.OpenAsync(address, EventLoop.Current, cancel);
        }
        catch (SocketException e)
        {
            throw new UpstreamException(ProxyError.Upstream(ProxyErrorKind.ConnectFailed, retryable: true, TcpConnector.Describe(e.SocketErrorCode), e));
        }
    }

    public ValueTask<RelayReport> RelayAsync(ConnectionContext downstream, ConnectionContext upstream, RelayOptions options, CancellationToken stop) =>
        new(new StreamRelay(downstream, options, heartbeat, time).RunAsync(Task.FromResult(StreamLease.Of(upstream)), stop));
}
