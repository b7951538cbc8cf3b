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
/// <see cref="FlushAsync"/> is the send. One writer at a time; <see cref="CancelPendingFlush"/> and disposal may come from any thread.
/// How it waits for the socket is in the derived class.
/// </summary>
/// <remarks>
/// It keeps the contract of a pipe's writer, but for three things. A flush that waits waits for the socket to take every byte, where a
/// pipe waits for its reader to come below a threshold. The peer's leaving shows as a <see cref="ConnectionResetException"/>, never as
/// <see cref="FlushResult.IsCompleted"/>, and not before the peer's answer to what was sent has come. And to complete with an exception
/// is to reset the connection, in both directions: nothing else keeps the peer from taking what it got for the whole.
/// </remarks>
internal abstract partial class DirectWriter : PipeWriter, ISequenceSend, IValueTaskSource<FlushResult>, IDisposable
{
    // The life of one send. Awaited: a flush waits for it. Ending: nobody does, and the end of the stream follows it.
    private const int Idle = 0, Sending = 1, Awaited = 2, Ending = 3;

    private readonly Socket _socket;
    private ManualResetValueTaskSourceCore<bool> _waiter;
    private int _state;
    private int _cancelRequested;
    private SendBuffer _buffer = new();
    private ReadOnlyMemory<byte> _sending;
    private ReadOnlyMemory<byte> _behind; // goes out behind it, in the same call where that can be
    private SocketError _failure;
    private bool _completed;

    protected DirectWriter(Socket socket)
    {
        _socket = socket;
    }

    /// <summary>Who can reset the connection; null for nobody.</summary>
    public IDirectOwner? Owner { get; init; }

    /// <summary>Bytes sent so far.</summary>
    public long Sent { get; private set; }

    public override bool CanGetUnflushedBytes => true;

    public override long UnflushedBytes => _buffer.Written;

    public override Memory<byte> GetMemory(int sizeHint = 0)
    {
        Reserve(sizeHint);
        return _buffer.Free;
    }

    public override Span<byte> GetSpan(int sizeHint = 0)
    {
        Reserve(sizeHint);
        return _buffer.FreeSpan;
    }

    public override void Advance(int bytes) => _buffer.Advance(bytes);

    /// <summary>Counts bytes that were given to the socket past this writer.</summary>
    public void CountPassed(long bytes) => Sent += bytes;

    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<FlushResult>(cancellationToken);
        }

        if (IsSending())
        {
            return FlushBehindAsync(cancellationToken);
        }

        return _buffer.Written == 0 ? new ValueTask<FlushResult>(Result()) : Send(_buffer.Take(), default, cancellationToken);
    }

    /// <inheritdoc/>
    /// <remarks>A cancellation counts only until the first byte goes out: the bytes are the caller's, and lent until they are sent.</remarks>
    [AsyncMethodBuilder(typeof(PooledValueTaskMethodBuilder))]
    public async ValueTask SendAsync(ReadOnlySequence<byte> data, CancellationToken cancel = default)
    {
        cancel.ThrowIfCancellationRequested();

        // A small piece rides along with what is buffered: one packet instead of two.
        if (_buffer.Written > 0 && data.Length <= _buffer.Room)
        {
            data.CopyTo(_buffer.FreeSpan);
            _buffer.Advance((int)data.Length);
            data = default;
        }

        var canceled = false;
        if (data.IsEmpty || IsSending())
        {
            canceled = (await FlushAsync(CancellationToken.None)).IsCanceled && await UntilSentAsync();
        }

        foreach (var segment in data)
        {
            if (!segment.IsEmpty)
            {
                // A large one takes what is buffered along in front of it: one call and one wake-up of the peer instead of two.
                canceled |= (await Send(_buffer.Take(), segment, CancellationToken.None)).IsCanceled && await UntilSentAsync();
            }
        }

        if (canceled)
        {
            // It was meant for a flush: the next one has it.
            CancelPendingFlush();
        }
    }

    /// <summary>Ends the wait of the flush under way, or else of the next one; what was written is sent all the same.</summary>
    public override void CancelPendingFlush()
    {
        Volatile.Write(ref _cancelRequested, 1);
        Wake(requested: true);
    }

    /// <summary>Sends what is written and then the end of the stream (half-close); reading goes on. With an exception: resets.</summary>
    public override void Complete(Exception? exception = null)
    {
        if (_completed)
        {
            return;
        }

        SendQueued();
        _completed = true;
        if (exception is not null)
        {
            Owner?.Reset();
        }
        else
        {
            TryEnd();
        }
    }

    /// <summary>Frees the buffers. The socket must be closed first; what is being sent keeps its buffer.</summary>
    public virtual void Dispose()
    {
        SendQueued();
        _completed = true;
        if (Volatile.Read(ref _state) == Idle)
        {
            _buffer.Release();
        }
    }

    public FlushResult GetResult(short token)
    {
        if (_waiter.GetResult(token))
        {
            Interlocked.Exchange(ref _cancelRequested, 0);
            return new FlushResult(true, false);
        }

        return Volatile.Read(ref _state) == Sending ? new FlushResult(true, false) : Result();
    }

    public ValueTaskSourceStatus GetStatus(short token) => _waiter.GetStatus(token);

    public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _waiter.OnCompleted(continuation, state, token, flags);

    private void Reserve(int sizeHint)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(sizeHint);
        var sending = IsSending();
        if (_buffer.Room < Math.Max(sizeHint, 1) || sending || _completed)
        {
            ObjectDisposedException.ThrowIf(_completed, this);
            _buffer.Grow(Math.Max(sizeHint, 1), sending);
        }
    }

    /// <summary>Waits for the send of a flush that was cancelled, then flushes.</summary>
    [AsyncMethodBuilder(typeof(PooledValueTaskMethodBuilder<>))]
    private async ValueTask<FlushResult> FlushBehindAsync(CancellationToken cancellationToken)
    {
        var earlier = await Wait(cancellationToken);
        return earlier.IsCanceled ? earlier : await FlushAsync(cancellationToken);
    }

    /// <summary>After a cancelled wait: waits on until nothing is being sent. True.</summary>
    private async ValueTask<bool> UntilSentAsync()
    {
        while (Volatile.Read(ref _state) != Idle)
        {
            await Wait(CancellationToken.None);
        }

        return true;
    }

    private ValueTask<FlushResult> Send(ReadOnlyMemory<byte> bytes, ReadOnlyMemory<byte> behind, CancellationToken cancellationToken)
    {
        (_sending, _behind) = bytes.IsEmpty ? (behind, bytes) : (bytes, behind);
        Volatile.Write(ref _state, Sending);
        if (!SendAll())
        {
            return Wait(cancellationToken);
        }

        Volatile.Write(ref _state, Idle);
        return new ValueTask<FlushResult>(Result());
    }

    /// <summary>Waits for the send under way; when it has just ended, gives its result.</summary>
    private ValueTask<FlushResult> Wait(CancellationToken cancellationToken)
    {
        if (Volatile.Read(ref _state) is Awaited or Ending)
        {
            throw new InvalidOperationException(_completed ? "The writer is completed." : "A flush is under way.");
        }

        _waiter.Reset();
        if (Interlocked.CompareExchange(ref _state, Awaited, Sending) != Sending)
        {
            return new ValueTask<FlushResult>(Result());
        }

        if (Volatile.Read(ref _cancelRequested) != 0)
        {
            // It came just before, and found nobody waiting to wake.
            Wake(requested: true);
        }

        var waiting = new ValueTask<FlushResult>(this, _waiter.Version);
        return cancellationToken.CanBeCanceled ? WaitAsync(waiting, cancellationToken) : waiting;
    }

    [AsyncMethodBuilder(typeof(PooledValueTaskMethodBuilder<>))]
    private async ValueTask<FlushResult> WaitAsync(ValueTask<FlushResult> waiting, CancellationToken cancellationToken)
    {
        using var registration = cancellationToken.UnsafeRegister(static writer => ((DirectWriter)writer!).Wake(requested: false), this);
        var result = await waiting;
        if (result.IsCanceled)
        {
            cancellationToken.ThrowIfCancellationRequested();
        }

        return result;
    }

    /// <summary>Ends the wait of a flush, if one waits; its send goes on.</summary>
    /// <param name="requested">Whether <see cref="CancelPendingFlush"/> asked for it: a token cancels no later flush.</param>
    private void Wake(bool requested)
    {
        if (Interlocked.CompareExchange(ref _state, Sending, Awaited) == Awaited)
        {
            _waiter.SetResult(requested);
        }
    }

    /// <summary>
    /// Sends what there is room for, of the bytes and then of those behind them, which may be none. The number of bytes; null when there is no
    /// room: then <see cref="OnRoom"/> will be called, from any thread, perhaps before this returns.
    /// </summary>
    protected abstract int? TrySend(ReadOnlyMemory<byte> bytes, ReadOnlyMemory<byte> behind, out SocketError error);

    /// <summary>What <see cref="TrySend"/> began goes on: with this many bytes sent since, or an error.</summary>
    protected void OnRoom(int sent, SocketError error)
    {
        if (!Account(sent, error) && !SendAll())
        {
            return;
        }

        while (Volatile.Read(ref _state) is var state)
        {
            if (state == Ending)
            {
                SendEnd();
                return;
            }

            if (Interlocked.CompareExchange(ref _state, Idle, state) == state)
            {
                if (state == Awaited)
                {
                    _waiter.SetResult(false);
                }

                break;
            }
        }

        if (Volatile.Read(ref _completed))
        {
            TryEnd();
        }
    }

    /// <summary>Sends until all is sent or the socket is full. True when it is over, one way or the other.</summary>
    private bool SendAll()
    {
        while (TrySend(_sending, _behind, out var error) is { } sent)
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
        Sent += sent;
        if (error != SocketError.Success || sent >= (long)_sending.Length + _behind.Length)
        {
            _sending = _behind = default;
            return true;
        }

        if (sent < _sending.Length)
        {
            _sending = _sending[sent..];
        }
        else
        {
            (_sending, _behind) = (_behind[(sent - _sending.Length)..], default);
        }

        return false;
    }

    /// <summary>Ends the stream unless something is being sent: then the end of that comes here again.</summary>
    private void TryEnd()
    {
        if (Interlocked.CompareExchange(ref _state, Ending, Idle) == Idle)
        {
            SendEnd();
        }
    }

    /// <summary>Sends what is left and the end; comes back here from <see cref="OnRoom"/> when the socket was full.</summary>
    private void SendEnd()
    {
        if (_buffer.Written > 0)
        {
            _sending = _buffer.Take();
            if (!SendAll())
            {
                return;
            }
        }

        try
        {
            _socket.Shutdown(SocketShutdown.Send);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Gone already: that is the end the other side sees.
        }

        Volatile.Write(ref _state, Idle);
    }

    private bool TakeCancellation() => Volatile.Read(ref _cancelRequested) != 0 && Interlocked.Exchange(ref _cancelRequested, 0) != 0;

    /// <summary>Of a send that is over, on the writer's own side: what it had rented is given back.</summary>
    private FlushResult Result()
    {
        if (!_completed && Volatile.Read(ref _state) == Idle)
        {
            _buffer.ReleaseSent();
        }

        return _failure == SocketError.Success
            ? new FlushResult(TakeCancellation(), false)
            : throw new ConnectionResetException("The connection was reset.", new SocketException((int)_failure));
    }
}
