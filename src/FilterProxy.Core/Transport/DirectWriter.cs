using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Threading.Tasks.Sources;
using FilterProxy.Core.Buffers;
using Microsoft.AspNetCore.Connections;

namespace FilterProxy.Core.Transport;

/// <summary>
/// A <see cref="PipeWriter"/> over a raw socket without a pump: what is written gathers in one buffer and
/// <see cref="FlushAsync"/> is the send. One writer at a time; disposal may come from any thread. How it waits for the socket is in the
/// derived class.
/// </summary>
internal abstract class DirectWriter : PipeWriter, ISequenceSend, IValueTaskSource<FlushResult>, IDisposable
{
    private const int InitialSize = 4 * 1024;
    private readonly Socket _socket;
    private ManualResetValueTaskSourceCore<FlushResult> _source;
    private byte[] _buffer = [];
    private int _written;
    private ReadOnlyMemory<byte> _sending;
    private SocketError _failure;
    private bool _completed;

    protected DirectWriter(Socket socket)
    {
        _socket = socket;
    }

    public override bool CanGetUnflushedBytes => true;

    public override long UnflushedBytes => _written;

    public override Memory<byte> GetMemory(int sizeHint = 0)
    {
        Reserve(sizeHint);
        return _buffer.AsMemory(_written);
    }

    public override Span<byte> GetSpan(int sizeHint = 0)
    {
        Reserve(sizeHint);
        return _buffer.AsSpan(_written);
    }

    public override void Advance(int bytes) => _written += bytes;

    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        if (_written == 0)
        {
            return new ValueTask<FlushResult>(new FlushResult(false, false));
        }

        var bytes = _buffer.AsMemory(0, _written);
        _written = 0;
        return Send(bytes);
    }

    [AsyncMethodBuilder(typeof(PooledValueTaskMethodBuilder))]
    public async ValueTask SendAsync(ReadOnlySequence<byte> data, CancellationToken cancel = default)
    {
        // A small piece rides along with what is buffered: one packet instead of two.
        if (_written > 0 && data.Length <= _buffer.Length - _written)
        {
            data.CopyTo(_buffer.AsSpan(_written));
            _written += (int)data.Length;
            await FlushAsync(cancel);
            return;
        }

        await FlushAsync(cancel);
        foreach (var segment in data)
        {
            if (!segment.IsEmpty)
            {
                await Send(segment);
            }
        }
    }

    public override void CancelPendingFlush()
    {
    }

    /// <summary>Sends the end of the stream (half-close); reading goes on.</summary>
    public override void Complete(Exception? exception = null)
    {
        if (!_completed)
        {
            _completed = true;
            try
            {
                _socket.Shutdown(SocketShutdown.Send);
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                // Gone already: that is the end the other side sees.
            }
        }
    }

    /// <summary>Frees the buffer. The socket must be closed first.</summary>
    public virtual void Dispose()
    {
        if (_sending.IsEmpty)
        {
            ReleaseBuffer();
        }
    }

    public FlushResult GetResult(short token) => _source.GetResult(token);

    public ValueTaskSourceStatus GetStatus(short token) => _source.GetStatus(token);

    public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _source.OnCompleted(continuation, state, token, flags);

    private void Reserve(int sizeHint)
    {
        sizeHint = Math.Max(sizeHint, 1);
        if (_buffer.Length - _written >= sizeHint)
        {
            return;
        }

        var larger = ArrayPool<byte>.Shared.Rent(Math.Max(InitialSize, Math.Max(_buffer.Length * 2, _written + sizeHint)));
        _buffer.AsSpan(0, _written).CopyTo(larger);
        if (_buffer.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_buffer);
        }

        _buffer = larger;
    }

    /// <summary>
    /// Sends what there is room for. The number of bytes; null when there is no room: then <see cref="OnRoom"/> will be called, from any
    /// thread, perhaps before this returns.
    /// </summary>
    protected abstract int? TrySend(ReadOnlyMemory<byte> bytes, out SocketError error);

    /// <summary>What <see cref="TrySend"/> began goes on: with this many bytes sent since, or an error.</summary>
    protected void OnRoom(int sent, SocketError error)
    {
        if (!Account(sent, error) && !SendAll())
        {
            return;
        }

        if (_failure == SocketError.Success)
        {
            _source.SetResult(new FlushResult(false, false));
        }
        else
        {
            _source.SetException(Failure());
        }
    }

    private ValueTask<FlushResult> Send(ReadOnlyMemory<byte> bytes)
    {
        _sending = bytes;
        _source.Reset();
        if (!SendAll())
        {
            return new ValueTask<FlushResult>(this, _source.Version);
        }

        return _failure == SocketError.Success ? new ValueTask<FlushResult>(new FlushResult(false, false)) : throw Failure();
    }

    /// <summary>Sends until all is sent or the socket is full. True when it is over, one way or the other.</summary>
    private bool SendAll()
    {
        while (TrySend(_sending, out var error) is { } sent)
        {
            if (Account(sent, error))
            {
                return true;
            }
        }

        return false;
    }

    private bool Account(int sent, SocketError error)
    {
        _failure = error;
        if (error != SocketError.Success || sent >= _sending.Length)
        {
            _sending = default;
            if (_written == 0)
            {
                ReleaseBuffer();
            }

            return true;
        }

        _sending = _sending[sent..];
        return false;
    }

    private void ReleaseBuffer()
    {
        if (_buffer.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = [];
        }
    }

    private ConnectionResetException Failure() => new("The connection was reset.", new SocketException((int)_failure));
}
