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
/// read. One reader at a time; <see cref="CancelPendingRead"/> and disposal may come from any thread. How it waits for the socket is in
/// the derived class.
/// </summary>
/// <remarks>
/// It keeps the contract of a pipe's reader, but for three things. <see cref="TryRead"/> only looks at what has been received, and
/// nothing is received unless somebody reads or has called <see cref="Prefetch"/>. What was examined once may be called unexamined
/// later. <see cref="Complete"/> says nothing to the peer: TCP has no word for it.
/// </remarks>
internal abstract partial class DirectReader : PipeReader, IValueTaskSource<ReadResult>, IDisposable
{
    /// <summary>Bytes of a receive, for heads and to begin with.</summary>
    public const int SmallBufferSize = 8 * 1024;

    /// <summary>Bytes of a receive after one that was filled: a body is on its way, which has more.</summary>
    public const int LargeBufferSize = 64 * 1024;

    // The life of one receive. Awaited: a caller waits for it. Claimed: it is being finished for that caller. Done: it waits for one.
    private const int None = 0, Receiving = 1, Awaited = 2, Claimed = 3, Done = 4;

    // Whether a result is out (held until AdvanceTo), and what ends a wait: CancelPendingRead, or the read's token, which must end no other.
    private const byte Free = 0, Held = 1, Completed = 2;
    private const int Requested = 1, ByToken = 2;

    private ManualResetValueTaskSourceCore<bool> _waiter; // its result: whether the wait was cancelled
    private int _state;
    private int _cancel;
    private byte[] _buffer = [];
    private int _start, _end, _examined;
    private SocketError _failure;
    private bool _ended;
    private bool _isLarge;
    private byte _use;

    /// <summary>Told once when the peer's end or a reset has been received, by the thread that received it; null for nobody.</summary>
    public IDirectOwner? Owner { get; init; }

    /// <summary>Whether bytes or the end have come: on an idle connection both mean it cannot be used again.</summary>
    public bool HasNews => _ended || _start != _end || Volatile.Read(ref _state) == Done;

    /// <summary>
    /// Starts receiving before anybody reads, so that the end of an idle connection shows without a system call. Without
    /// cost: the receive is the one the next read would make.
    /// </summary>
    public void Prefetch()
    {
        while (_state == None && _start == _end && !_ended && TryStart())
        {
            TryFinish();
            Volatile.Write(ref _state, None);
            if (_ended)
            {
                Owner?.OnEnded();
            }
        }
    }

    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<ReadResult>(cancellationToken);
        }

        ReadResult result;
        while (!TryRead(out result))
        {
            if (_state == None && TryStart())
            {
                continue;
            }

            _waiter.Reset();
            if (Interlocked.CompareExchange(ref _state, Awaited, Receiving) != Receiving)
            {
                continue;
            }

            // A cancellation that came just before found nobody waiting to wake.
            if (Volatile.Read(ref _cancel) != 0 && Interlocked.CompareExchange(ref _state, Receiving, Awaited) == Awaited)
            {
                continue;
            }

            var waiting = new ValueTask<ReadResult>(this, _waiter.Version);
            return cancellationToken.CanBeCanceled ? WaitAsync(waiting, cancellationToken) : waiting;
        }

        return new ValueTask<ReadResult>(result);
    }

    public override bool TryRead(out ReadResult result)
    {
        if (_use != Free || Volatile.Read(ref _state) == Awaited)
        {
            throw new InvalidOperationException(_use == Completed ? "The reader is completed." : "A read is under way, or not given back with AdvanceTo.");
        }

        if (Volatile.Read(ref _cancel) != 0 && (Interlocked.And(ref _cancel, ~Requested) & Requested) != 0)
        {
            result = Take(canceled: true);
            return true;
        }

        if (Volatile.Read(ref _state) == Done)
        {
            TryFinish();
            Volatile.Write(ref _state, None);
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

    public override void CancelPendingRead() => Cancel(Requested);

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
    public virtual void Dispose()
    {
        if (Volatile.Read(ref _state) is None or Done)
        {
            ReleaseBuffer();
        }
    }

    public ReadResult GetResult(short token)
    {
        if (_waiter.GetResult(token))
        {
            Interlocked.And(ref _cancel, ~Requested);
            return Take(canceled: true);
        }

        ThrowIfFailed();
        return Take(canceled: false);
    }

    public ValueTaskSourceStatus GetStatus(short token) => _waiter.GetStatus(token);

    /// <summary>What <see cref="Finish"/> would find.</summary>
    protected abstract Arrival Look();

    /// <summary>Begins a receive. False: <see cref="OnArrived"/> will be called, from any thread, perhaps before this returns.</summary>
    protected abstract bool Start();

    /// <summary>
    /// Takes what has come, into <see cref="Space"/> where it is not there yet: a number of bytes, 0 at the end, or an error. False when
    /// nothing has come after all.
    /// </summary>
    protected abstract bool Finish(out int received, out SocketError error);

    /// <summary>Where the next bytes go.</summary>
    protected Memory<byte> Space()
    {
        EnsureSpace();
        return _buffer.AsMemory(_end);
    }

    /// <summary>Lends the buffer back while nothing is in it.</summary>
    protected void ReleaseEmptyBuffer()
    {
        if (_start == _end)
        {
            _start = _end = _examined = 0;
            ReleaseBuffer();
        }
    }

    [AsyncMethodBuilder(typeof(PooledValueTaskMethodBuilder<>))]
    private async ValueTask<ReadResult> WaitAsync(ValueTask<ReadResult> waiting, CancellationToken cancellationToken)
    {
        ReadResult result;
        var registration = cancellationToken.UnsafeRegister(static reader => ((DirectReader)reader!).Cancel(ByToken), this);
        try
        {
            result = await waiting;
        }
        finally
        {
            registration.Dispose();
            Interlocked.And(ref _cancel, ~ByToken);
        }

        if (result.IsCanceled && cancellationToken.IsCancellationRequested)
        {
            _use = Free;
            throw new OperationCanceledException(cancellationToken);
        }

        return result;
    }

    private void Cancel(int cause)
    {
        Interlocked.Or(ref _cancel, cause);
        Wake();
    }

    /// <summary>Ends the wait of the read under way, if one waits; its receive goes on.</summary>
    private void Wake()
    {
        if (Interlocked.CompareExchange(ref _state, Receiving, Awaited) == Awaited)
        {
            _waiter.SetResult(true);
        }
    }

    private ReadResult Take(bool canceled)
    {
        _use = Held;
        return new(new ReadOnlySequence<byte>(_buffer, _start, _end - _start), canceled, _ended);
    }

    private void ThrowIfFailed()
    {
        if (_failure != SocketError.Success)
        {
            throw new ConnectionResetException("The connection was reset.", new SocketException((int)_failure));
        }
    }

    private bool TryStart()
    {
        Volatile.Write(ref _state, Receiving);
        if (!Start())
        {
            return false;
        }

        Volatile.Write(ref _state, Done);
        return true;
    }

    private bool TryFinish()
    {
        if (!Finish(out var received, out _failure))
        {
            return false;
        }

        // What fills a buffer has more behind it.
        _isLarge = received >= SmallBufferSize || _end + received == _buffer.Length;
        _ended |= received == 0;
        Count(received);
        return true;
    }
}
