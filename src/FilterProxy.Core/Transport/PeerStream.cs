using System.Net.Sockets;
using System.Runtime.InteropServices;
using Microsoft.AspNetCore.Connections;

namespace FilterProxy.Core.Transport;

/// <summary>
/// A connection to a peer as the stream a framework's client writes HTTP/2 to; it owns the connection. The client takes every such
/// stream for clear text, TLS being ours: where the connection is over TLS, the <c>:scheme</c> it writes is put right on the way out.
/// </summary>
internal sealed class PeerStream : Stream
{
    private readonly ConnectionContext _connection;
    private readonly Stream _stream;
    private readonly HttpsScheme? _scheme;
    private int _isClosed;

    public PeerStream(ConnectionContext connection, bool isSecure)
    {
        _connection = connection;
        _stream = connection switch
        {
            // Straight to the socket, or to TLS over it: pipes in between would only copy.
            SocketConnection { Loop: null } raw => new NetworkStream(raw.Socket, ownsSocket: false),
            StreamConnection stream => stream.Stream,
            _ => new PipeStream(connection.Transport),
        };
        _scheme = isSecure ? new HttpsScheme() : null;
    }

    /// <summary>Called once, when it closes.</summary>
    public Action? Closed { get; init; }

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        _stream.ReadAsync(buffer, cancellationToken);

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        // Written over in place: it is the client's own outgoing buffer, of which nothing is read again.
        _scheme?.Fix(MemoryMarshal.AsMemory(buffer).Span);
        return _stream.WriteAsync(buffer, cancellationToken);
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => _stream.FlushAsync(cancellationToken);

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Flush() => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override async ValueTask DisposeAsync()
    {
        TellClosed();
        await _connection.DisposeAsync();
        await base.DisposeAsync();
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            TellClosed();
            var closing = _connection.DisposeAsync();
            if (!closing.IsCompletedSuccessfully)
            {
                _ = closing.AsTask().ContinueWith(static t => _ = t.Exception, TaskScheduler.Default);
            }
        }

        base.Dispose(disposing);
    }

    private void TellClosed()
    {
        if (Interlocked.Exchange(ref _isClosed, 1) == 0)
        {
            Closed?.Invoke();
        }
    }

    private sealed class PipeStream(System.IO.Pipelines.IDuplexPipe pipe) : Buffers.DuplexStream(pipe.Input, pipe.Output);
}
