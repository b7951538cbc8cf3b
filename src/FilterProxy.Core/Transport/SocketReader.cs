using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Threading.Tasks.Sources;
using FilterProxy.Core.Buffers;
using Microsoft.AspNetCore.Connections;

namespace FilterProxy.Core.Transport;

/// <summary>
/// A <see cref="PipeReader"/> over a raw socket without a pump: it hands out the receive buffer itself and receives when it is
/// read. One reader at a time; <see cref="CancelPendingRead"/> and disposal may come from any thread.
/// </summary>
/// <remarks>
/// It keeps the contract of a pipe's reader, but for three things. <see cref="TryRead"/> only looks at what has been received, and
/// nothing is received unless somebody reads or has called <see cref="Prefetch"/>. What was examined once may be called unexamined
/// later. <see cref="Complete"/> says nothing to the peer: TCP has no word for it.
/// </remarks>
internal sealed class SocketReader : PipeReader, IValueTaskSource<ReadResult>, IDisposable
{
    public const int HeadBufferSize = 8 * 1024;
    public const int BodyBufferSize = 64 * 1024;

    // The life of one receive. Awaited: a caller waits for it. Done: its result waits for a caller.
    private const int None = 0, Receiving = 1, Awaited = 2, Done = 3;

    // Whether a result is out: held until AdvanceTo.
    private const byte Free = 0, Held = 1, Completed = 2;

    private readonly Socket _socket;
    private readonly ReceiveArgs _args;
    private ManualResetValueTaskSourceCore<bool> _waiter;
    private int _state;
    private int _cancelRequested;
    private byte[] _buffer = [];
    private int _start, _end, _examined;
    private bool _ended;
    private bool _bodyMode;
    private byte _use;
    private SocketError _failure;

    public SocketReader(Socket socket)
    {
        _socket = socket;
        _args = new ReceiveArgs(this);
    }

    /// <summary>Called once when the peer's end or a reset has been received, from the thread that received it.</summary>
    public Action? Ended { get; init; }

    /// <summary>
    /// Starts receiving before anybody reads, so that the end of an idle connection shows without a system call. Without
    /// cost: the receive is the one the next read would make.
    /// </summary>
    public void Prefetch()
    {
        if (_state == None && _start == _end && !_ended)
        {
            BeginReceive();
            if (Volatile.Read(ref _state) == Done && IsOver)
            {
                Ended?.Invoke();
            }
        }
    }

    /// <summary>Whether bytes or the end have come: on an idle connection both mean it cannot be used again.</summary>
    public bool HasNews => _ended || _start != _end || Volatile.Read(ref _state) == Done;

    /// <summary>A large buffer while a body is on its way, a small one for heads and while idle.</summary>
    public void ExpectBody(bool body) => _bodyMode = body;

    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<ReadResult>(cancellationToken);
        }

        if (TryRead(out var result))
        {
            return new ValueTask<ReadResult>(result);
        }

        if (_state == None)
        {
            BeginReceive();
        }

        _waiter.Reset();
        if (Interlocked.CompareExchange(ref _state, Awaited, Receiving) == Receiving)
        {
            // A cancellation that came just before found nobody waiting to wake.
            if (Volatile.Read(ref _cancelRequested) != 0 && Interlocked.CompareExchange(ref _state, Receiving, Awaited) == Awaited)
            {
                Interlocked.Exchange(ref _cancelRequested, 0);
                return new ValueTask<ReadResult>(Take(canceled: true));
            }

            var waiting = new ValueTask<ReadResult>(this, _waiter.Version);
            return cancellationToken.CanBeCanceled ? WaitAsync(waiting, cancellationToken) : waiting;
        }

        FinishReceive();
        return new ValueTask<ReadResult>(Take(canceled: false));
    }

    public override bool TryRead(out ReadResult result)
    {
        if (_use != Free || Volatile.Read(ref _state) == Awaited)
        {
            throw new InvalidOperationException(_use == Completed
                ? "The reader is completed."
                : "A read is under way, or its result has not been given back with AdvanceTo.");
        }

        if (Volatile.Read(ref _cancelRequested) != 0 && Interlocked.Exchange(ref _cancelRequested, 0) != 0)
        {
            result = Take(canceled: true);
            return true;
        }

        if (Volatile.Read(ref _state) == Done)
        {
            FinishReceive();
        }

        if (_end > _examined || _ended)
        {
            ThrowIfFailed();
            result = Take(canceled: false);
            return true;
        }

        result = default;
        return false;
    }

    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        // Positions of an array-backed sequence carry a flag in the top bit.
        var start = consumed.GetInteger() & int.MaxValue;
        var seen = examined.GetInteger() & int.MaxValue;
        if (_use != Held || start < _start || seen < start || seen > _end)
        {
            throw new InvalidOperationException(_use == Held ? "Positions that are not of the last result." : "There is no result to give back.");
        }

        _use = Free;
        _start = start;
        _examined = seen;

        // A receive under way (after a cancelled read) writes at the old end: only then the offsets must stay.
        if (_start == _end && Volatile.Read(ref _state) == None)
        {
            _start = _end = _examined = 0;
        }
    }

    public override void CancelPendingRead()
    {
        Volatile.Write(ref _cancelRequested, 1);
        Wake(requested: true);
    }

    /// <summary>Ends the reading: no read is allowed any more. The peer learns nothing of it.</summary>
    public override void Complete(Exception? exception = null)
    {
        _use = Completed;
        if (Volatile.Read(ref _state) is None or Done)
        {
            ReleaseBuffer();
        }
    }

    /// <summary>Frees the buffer. The socket must be closed first; a receive still under way keeps its buffer until it ends.</summary>
    public void Dispose()
    {
        if (Volatile.Read(ref _state) is None or Done)
        {
            ReleaseBuffer();
        }

        _args.Dispose();
    }

    public ReadResult GetResult(short token)
    {
        var requested = _waiter.GetResult(token);
        if (Volatile.Read(ref _state) == Done)
        {
            FinishReceive();
            return Take(canceled: false);
        }

        if (requested)
        {
            Interlocked.Exchange(ref _cancelRequested, 0);
        }

        return Take(canceled: true);
    }

    public ValueTaskSourceStatus GetStatus(short token) => _waiter.GetStatus(token);

    public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _waiter.OnCompleted(continuation, state, token, flags);

    [AsyncMethodBuilder(typeof(PooledValueTaskMethodBuilder<>))]
    private async ValueTask<ReadResult> WaitAsync(ValueTask<ReadResult> waiting, CancellationToken cancellationToken)
    {
        using var registration = cancellationToken.UnsafeRegister(static reader => ((SocketReader)reader!).Wake(requested: false), this);
        var result = await waiting;
        if (result.IsCanceled && cancellationToken.IsCancellationRequested)
        {
            _use = Free;
            throw new OperationCanceledException(cancellationToken);
        }

        return result;
    }

    /// <summary>Ends the wait of the read under way, if there is one; its receive goes on.</summary>
    /// <param name="requested">Whether <see cref="CancelPendingRead"/> asked for it: a token cancels no later read.</param>
    private void Wake(bool requested)
    {
        if (Interlocked.CompareExchange(ref _state, Receiving, Awaited) == Awaited)
        {
            _waiter.SetResult(requested);
        }
    }

    private bool IsOver => _args.SocketError != SocketError.Success || _args.BytesTransferred == 0;

    private ReadResult Take(bool canceled)
    {
        _use = Held;
        return new(new ReadOnlySequence<byte>(_buffer, _start, _end - _start), canceled, _ended);
    }

    private void BeginReceive()
    {
        EnsureSpace();
        _args.SetBuffer(_buffer, _end, _buffer.Length - _end);
        Volatile.Write(ref _state, Receiving);
        var pending = false;
        try
        {
            pending = _socket.ReceiveAsync(_args);
        }
        catch (ObjectDisposedException)
        {
            _args.SocketError = SocketError.OperationAborted;
        }

        if (!pending)
        {
            Volatile.Write(ref _state, Done);
        }
    }

    private void OnReceived()
    {
        var over = IsOver;
        if (Interlocked.Exchange(ref _state, Done) == Awaited)
        {
            _waiter.SetResult(true);
        }

        if (over)
        {
            Ended?.Invoke();
        }
    }

    private void FinishReceive()
    {
        Volatile.Write(ref _state, None);
        if (_args.SocketError != SocketError.Success)
        {
            _ended = true;
            _failure = _args.SocketError;
            ThrowIfFailed();
        }

        if (_args.BytesTransferred == 0)
        {
            _ended = true;
        }

        _end += _args.BytesTransferred;
    }

    private void ThrowIfFailed()
    {
        if (_failure != SocketError.Success)
        {
            throw new ConnectionResetException("The connection was reset.", new SocketException((int)_failure));
        }
    }

    private void EnsureSpace()
    {
        var wanted = _bodyMode ? BodyBufferSize : HeadBufferSize;
        if (_start == _end)
        {
            _start = _end = _examined = 0;
            if (_buffer.Length < wanted || (!_bodyMode && _buffer.Length > HeadBufferSize * 2))
            {
                ReleaseBuffer();
                _buffer = ArrayPool<byte>.Shared.Rent(wanted);
            }

            return;
        }

        if (_buffer.Length - _end >= 1024)
        {
            return;
        }

        // The caller needs more before it can consume: move what is left to the front of the same or a larger buffer.
        var length = _end - _start;
        var target = length > _buffer.Length / 2 ? ArrayPool<byte>.Shared.Rent(Math.Max(wanted, _buffer.Length * 2)) : _buffer;
        Buffer.BlockCopy(_buffer, _start, target, 0, length);
        if (target != _buffer)
        {
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = target;
        }

        _examined -= _start;
        _start = 0;
        _end = length;
    }

    private void ReleaseBuffer()
    {
        if (_buffer.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = [];
        }
    }

    // Without execution context: a prefetch begun for one exchange may complete for another.
    private sealed class ReceiveArgs(SocketReader owner) : SocketAsyncEventArgs(true)
    {
        protected override void OnCompleted(SocketAsyncEventArgs e) => owner.OnReceived();
    }
}
