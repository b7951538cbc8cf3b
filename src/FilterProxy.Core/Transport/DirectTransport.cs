using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;

namespace FilterProxy.Core.Transport;

/// <summary>
/// Makes connections whose pipes have no pump (<see cref="SocketConnection"/>): a read is the receive, a flush the send. Stands
/// under Kestrel in place of its socket transport and keeps everything Kestrel adds: limits, TLS, HTTP/2 hand-off, shutdown.
/// </summary>
internal sealed class DirectTransport : SocketTransport
{
    protected override ConnectionContext Wrap(Socket socket) => new SocketConnection(socket);
}
