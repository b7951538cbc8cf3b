using System.Net.Sockets;
using FilterProxy.Core.Transport.Epoll;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Logging;

namespace FilterProxy.Core.Transport;

/// <summary>
/// Makes connections of accepted sockets, of two kinds. Direct ones have no pump (<see cref="SocketConnection"/>): a read is the
/// receive, a flush the send. Kestrel's own have two loops that copy between the socket and pipes, and notice a client's leaving whether
/// anybody reads or not.
/// </summary>
internal sealed class ConnectionMaker(ILoggerFactory loggers, bool inlineCompletions)
{
    private readonly ILogger _logger = loggers.CreateLogger("Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets");
    private Pumped? _pumped;

    /// <param name="socket">Accepted; the connection owns it.</param>
    /// <param name="direct">Which kind.</param>
    /// <param name="bufferSize">Bytes that may wait in each pipe of Kestrel's.</param>
    public ConnectionContext Make(Socket socket, bool direct, int bufferSize)
    {
        if (direct)
        {
            return new SocketConnection(socket, inlineCompletions ? EpollLoop.Next() : null);
        }

        var pumped = _pumped;
        if (pumped?.BufferSize != bufferSize)
        {
            // A reload may have changed it. Two threads at once make two, which is as good as one.
            _pumped = pumped = new Pumped(bufferSize, Create(bufferSize));
        }

        return pumped.Factory.Create(socket);
    }

    private SocketConnectionContextFactory Create(int bufferSize) => new(
        new SocketConnectionFactoryOptions
        {
            UnsafePreferInlineScheduling = inlineCompletions,
            MaxReadBufferSize = bufferSize,
            MaxWriteBufferSize = bufferSize,
        },
        _logger);

    private sealed record Pumped(int BufferSize, SocketConnectionContextFactory Factory);
}
