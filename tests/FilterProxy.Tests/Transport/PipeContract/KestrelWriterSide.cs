using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Logging.Abstractions;

namespace FilterProxy.Tests.Transport.PipeContract;

/// <summary>The writer of Kestrel's own socket connection, with a socket at the other end.</summary>
internal sealed class KestrelWriterSide : WriterSide
{
    private readonly SocketPair _pair = new();
    private readonly SocketConnectionContextFactory _factory = new(new SocketConnectionFactoryOptions(), NullLogger.Instance);
    private readonly ConnectionContext _connection;

    public KestrelWriterSide() => _connection = _factory.Create(_pair.Near);

    public override PipeWriter Writer => _connection.Transport.Output;

    public override Task<byte[]> ReceiveAsync(int count) => FarSocket.ReceiveAsync(_pair.Far, count);

    public override Task<(byte[] Bytes, bool Orderly)> ReceiveToEndAsync() => FarSocket.ReceiveToEndAsync(_pair.Far);

    public override void Leave() => _pair.ResetFar();

    public override void Dispose()
    {
        _connection.Abort();
        _pair.Dispose();
        _factory.Dispose();
    }
}
