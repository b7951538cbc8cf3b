using System.Buffers;
using System.IO.Pipelines;

namespace FilterProxy.Filters.ReverseTunnel.Streams;

/// <summary>A pipe's writing end over a stream that sends at once what is flushed. Holds a buffer only between a write and its flush.</summary>
/// <param name="stream">Where to.</param>
/// <param name="completed">Called once, when nothing more comes.</param>
internal sealed class StreamSender(Stream stream, Action completed) : PipeWriter, ISequenceSend
{
    private const int Least = 4096;
    private byte[] _buffer = [];
    private int _length;
    private int _isCompleted;

    public override bool CanGetUnflushedBytes => true;

    public override long UnflushedBytes => _length;

    public override Memory<byte> GetMemory(int sizeHint = 0)
    {
        Reserve(sizeHint);
        return _buffer.AsMemory(_length);
    }

    public override Span<byte> GetSpan(int sizeHint = 0)
    {
        Reserve(sizeHint);
        return _buffer.AsSpan(_length);
    }

    public override void Advance(int bytes) => _length += bytes;

    public override async ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        await SendAsync(default, cancellationToken);
        return default;
    }

    public async ValueTask SendAsync(ReadOnlySequence<byte> data, CancellationToken cancel = default)
    {
        if (_length > 0)
        {
            try
            {
                await stream.WriteAsync(_buffer.AsMemory(0, _length), cancel);
            }
            finally
            {
                Release();
            }
        }

        foreach (var piece in data)
        {
            await stream.WriteAsync(piece, cancel);
        }

        await stream.FlushAsync(cancel);
    }

    public override void CancelPendingFlush()
    {
        // Nobody of ours waits for one and cancels it.
    }

    public override void Complete(Exception? exception = null)
    {
        if (Interlocked.Exchange(ref _isCompleted, 1) == 0)
        {
            Release();
            completed();
        }
    }

    public override async ValueTask CompleteAsync(Exception? exception = null)
    {
        if (exception is null && _length > 0)
        {
            await SendAsync(default);
        }

        Complete(exception);
    }

    private void Reserve(int size)
    {
        if (_buffer.Length - _length >= Math.Max(size, 1))
        {
            return;
        }

        var larger = ArrayPool<byte>.Shared.Rent(_length + Math.Max(size, Least));
        _buffer.AsSpan(0, _length).CopyTo(larger);
        var length = _length;
        Release();
        (_buffer, _length) = (larger, length);
    }

    private void Release()
    {
        if (_buffer.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_buffer);
        }

        (_buffer, _length) = ([], 0);
    }
}
