using System.IO.Pipelines;
using System.Net.Sockets;
using FilterProxy.Core.Transport;

namespace FilterProxy.Tests.Transport.PipeContract;

/// <summary>The writer of the direct transport, with a socket at the other end.</summary>
internal sealed class SocketWriterSide : WriterSide
{
    private readonly SocketPair _pair = new();

    public SocketWriterSide() => Direct = new SocketWriter(_pair.Near);

    public override PipeWriter Writer => Direct;

    public SocketWriter Direct { get; }

    public Socket Near => _pair.Near;

    public Socket Far => _pair.Far;

    public override Task<byte[]> ReceiveAsync(int count) => FarSocket.ReceiveAsync(_pair.Far, count);

    public override Task<(byte[] Bytes, bool Orderly)> ReceiveToEndAsync() => FarSocket.ReceiveToEndAsync(_pair.Far);

    public override void Leave() => _pair.ResetFar();

    public override void Dispose()
    {
        _pair.Dispose();
        Direct.Dispose();
    }
}
