using System.IO.Pipelines;
using System.Net.Sockets;
using FilterProxy.Core.Transport;

namespace FilterProxy.Tests.Transport.PipeContract;

/// <summary>The reader of the direct transport, with a socket at the other end.</summary>
internal sealed class SocketReaderSide : ReaderSide
{
    private readonly SocketPair _pair = new();
    private readonly SocketReader _reader;

    public SocketReaderSide() => _reader = new SocketReader(_pair.Near);

    public override PipeReader Reader => _reader;

    public Socket Near => _pair.Near;

    public Socket Far => _pair.Far;

    public override Task SendAsync(byte[] bytes) => Task.Run(() => _pair.Far.Send(bytes));

    public override void Pump() => _reader.Prefetch();

    public override void End() => _pair.Far.Shutdown(SocketShutdown.Send);

    public override void Fail() => _pair.ResetFar();

    public override void Dispose()
    {
        _pair.Dispose();
        _reader.Dispose();
    }
}
