using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Threading.Tasks.Sources;
using FilterProxy.Core.Buffers;
using Microsoft.AspNetCore.Connections;

namespace FilterProxy.Core.Transport;

/// <summary>
/// A <see cref="PipeWriter"/> over a raw socket without a pump: what is written gathers in one buffer and
/// <see cref="FlushAsync"/> is the send. One writer at a time; disposal may come from any thread.
/// </summary>
internal sealed class SocketWriter : PipeWriter, ISequenceSend, IValueTaskSource<FlushResult>, IDisposable
{
    private const int InitialSize = 4 * 1024;
    private readonly Socket _socket;
    private readonly SendArgs _args;
    private ManualResetValueTaskSourceCore<FlushResult> _source;
    private byte[] _buffer = [];
    private int _written;
    private ReadOnlyMemory<byte> _sending;
    private bool _completed;

    public SocketWriter(Socket socket)
    {
        _socket = socket;
        _args = new SendArgs(this);
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
    public void Dispose()
    {
        if (_sending.IsEmpty && _buffer.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = [];
        }

        _args.Dispose();
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

    private ValueTask<FlushResult> Send(ReadOnlyMemory<byte> bytes)
    {
        _sending = bytes;
        _source.Reset();
        if (!StartSend())
        {
            return new ValueTask<FlushResult>(this, _source.Version);
        }

        Check();
        return new ValueTask<FlushResult>(new FlushResult(false, false));
    }

    /// <summary>Sends until all is sent or the socket is full. True when it is over, one way or the other.</summary>
    private bool StartSend()
    {
        while (true)
        {
            _args.SetBuffer(MemoryMarshal.AsMemory(_sending));
            try
            {
                if (_socket.SendAsync(_args))
                {
                    return false;
                }
            }
            catch (ObjectDisposedException)
            {
                _args.SocketError = SocketError.OperationAborted;
            }

            if (Account())
            {
                return true;
            }
        }
    }

    private bool Account()
    {
        if (_args.SocketError != SocketError.Success || _args.BytesTransferred >= _sending.Length)
        {
            _sending = default;
            return true;
        }

        _sending = _sending[_args.BytesTransferred..];
        return false;
    }

    private void OnSent()
    {
        if (!Account() && !StartSend())
        {
            return;
        }

        if (_args.SocketError == SocketError.Success)
        {
            _source.SetResult(new FlushResult(false, false));
        }
        else
        {
            _source.SetException(Failure());
        }
    }

    private void Check()
    {
        if (_args.SocketError != SocketError.Success)
        {
            throw Failure();
        }
    }

    private ConnectionResetException Failure() => new("The connection was reset.", new SocketException((int)_args.SocketError));

    private sealed class SendArgs(SocketWriter owner) : SocketAsyncEventArgs(true)
    {
        protected override void OnCompleted(SocketAsyncEventArgs e) => owner.OnSent();
    }
}
