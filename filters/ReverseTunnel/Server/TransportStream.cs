using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;

namespace FilterProxy.Filters.ReverseTunnel.Server;

/// <summary>
/// A connection's transport as the stream that the framework's client speaks HTTP/2 on. Counts bytes, and tells when the client has done with it;
/// the connection stays its owner's.
/// </summary>
internal sealed class TransportStream(IDuplexPipe transport, Action closed) : Stream
{
    private int _isClosed;
    private long _read;
    private long _written;

    /// <summary>Bytes that have come.</summary>
    public long BytesRead => Volatile.Read(ref _read);

    /// <summary>Bytes that were sent.</summary>
    public long BytesWritten => Volatile.Read(ref _written);

    /// <summary>Whether the other side's end has been read.</summary>
    public bool HasEnded { get; private set; }

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var input = transport.Input;
        var result = await input.ReadAsync(cancellationToken);
        if (result.IsCanceled)
        {
            input.AdvanceTo(result.Buffer.Start);
            throw new ObjectDisposedException(nameof(TransportStream));
        }

        // A read of nothing waits for something to come, so that no buffer waits with it.
        var count = (int)Math.Min(result.Buffer.Length, buffer.Length);
        var taken = result.Buffer.Slice(0, count);
        taken.CopyTo(buffer.Span);
        HasEnded = result.IsCompleted && result.Buffer.IsEmpty;
        input.AdvanceTo(taken.End);
        Volatile.Write(ref _read, _read + count);
        return count;
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (transport.Output is ISequenceSend direct)
        {
            await direct.SendAsync(new ReadOnlySequence<byte>(buffer), cancellationToken);
        }
        else if ((await transport.Output.WriteAsync(buffer, cancellationToken)).IsCompleted)
        {
            throw new IOException("The agent has closed the tunnel.");
        }

        Volatile.Write(ref _written, _written + buffer.Length);
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Flush() => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing && Interlocked.Exchange(ref _isClosed, 1) == 0)
        {
            transport.Input.CancelPendingRead();
            closed();
        }

        base.Dispose(disposing);
    }
}
