using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Logging;

namespace FilterProxy.Core.Transport;

/// <summary>
/// Makes Kestrel's own connections, whose two loops copy between the socket and pipes: they notice a client's leaving whether anybody
/// reads or not. Accepting is ours, because Kestrel's listener asks for a connection again at once when there is no descriptor for it.
/// </summary>
internal sealed class PumpedTransport(ILoggerFactory loggers, bool inlineCompletions, long bufferSize) : SocketTransport
{
    private readonly SocketConnectionContextFactory _connections = new(
        new SocketConnectionFactoryOptions
        {
            UnsafePreferInlineScheduling = inlineCompletions,
            MaxReadBufferSize = bufferSize,
            MaxWriteBufferSize = bufferSize,
        },
        loggers.CreateLogger("Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets"));

    protected override ConnectionContext Wrap(Socket socket) => _connections.Create(socket);
}
