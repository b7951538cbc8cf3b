using System.IO.Pipelines;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Logging.Abstractions;

namespace FilterProxy.Tests.Transport.PipeContract;

/// <summary>The reader of Kestrel's own socket connection, with a socket at the other end.</summary>
internal sealed class KestrelReaderSide : ReaderSide
{
    private readonly SocketPair _pair = new();
    private readonly SocketConnectionContextFactory _factory = new(new SocketConnectionFactoryOptions(), NullLogger.Instance);
    private readonly ConnectionContext _connection;

    public KestrelReaderSide() => _connection = _factory.Create(_pair.Near);

    public override PipeReader Reader => _connection.Transport.Input;

    public override Task SendAsync(byte[] bytes) => Task.Run(() => _pair.Far.Send(bytes));

    public override void End() => _pair.Far.Shutdown(SocketShutdown.Send);

    public override void Fail() => _pair.ResetFar();

    public override void Dispose()
    {
        _connection.Abort();
        _pair.Dispose();
        _factory.Dispose();
    }
}
