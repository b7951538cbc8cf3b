using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using FilterProxy.Core.Buffers;
using FilterProxy.Core.Transport.Epoll;
using Microsoft.AspNetCore.Connections;

namespace FilterProxy.Core.Transport;

/// <summary>One direction of a <see cref="StreamRelay"/>: copies what one connection sends to the other until one of them has enough.</summary>
internal sealed class RelayDirection
{
    // Reads that filled the reader's large buffer, or nearly, this often in a row are bulk.
    private const int BulkRead = DirectReader.LargeBufferSize / 2;
    private const int ReadsUntilSplice = 4;
    private readonly StreamRelay _relay;
    private readonly ConnectionContext _from;
    private readonly ConnectionContext _to;
    private readonly PipeReader _reader;
    private readonly PipeWriter _writer;
    private readonly IReadOnlyList<ByteRate> _rates;
    private readonly string _endedReason;
    private readonly int _piece;
    private SplicePump? _pump;
    private long _unwaited;
    private int _bulk;
    private bool _waits;
    private bool _isWriting;
    private bool _hasEnded;
    private long _movedAt;

    public RelayDirection(StreamRelay relay, ConnectionContext from, ConnectionContext to, IReadOnlyList<ByteRate> rates, string endedReason)
    {
        (_relay, _from, _to, _rates, _endedReason) = (relay, from, to, rates, endedReason);
        (_reader, _writer) = (from.Transport.Input, to.Transport.Output);
        _piece = int.MaxValue;
        foreach (var rate in rates)
        {
            _piece = Math.Min(_piece, rate.Piece);
        }
    }

    /// <summary>Bytes passed on.</summary>
    public long Bytes { get; private set; }

    /// <summary>Whether nothing more is passed on.</summary>
    public bool HasEnded => Volatile.Read(ref _hasEnded);

    /// <summary>When something was last passed on, on the heartbeat's clock; 0 for never.</summary>
    public long MovedAt => Volatile.Read(ref _movedAt);

    /// <summary>Ends the wait for more bytes: what has come is passed on, the end is not.</summary>
    public void Stop()
    {
        _reader.CancelPendingRead();
        Volatile.Read(ref _pump)?.Stop();
    }

    /// <summary>Runs until the sender's end has been passed on, or something failed. Waits here alone while nothing comes, with nothing but the wait.</summary>
    public async Task RunAsync()
    {
        DirectionEnd end;
        try
        {
            do
            {
                _isWriting = false;
                var reading = _reader.ReadAsync();
                _waits = !reading.IsCompleted;
                end = await PassAsync(await reading);
            }
            while (end == DirectionEnd.None);
        }
        catch (Exception e) when (StreamRelay.IsBreak(e))
        {
            _relay.Note(e);
            end = _isWriting ? DirectionEnd.WriteFailed : DirectionEnd.ReadFailed;
        }
        finally
        {
            Volatile.Write(ref _hasEnded, true);
        }

        _relay.OnEnded(this, end);
    }

    /// <summary>Passes on what has come.</summary>
    [AsyncMethodBuilder(typeof(PooledValueTaskMethodBuilder<>))]
    private async ValueTask<DirectionEnd> PassAsync(ReadResult read)
    {
        if (read.IsCanceled)
        {
            _reader.AdvanceTo(read.Buffer.Start);
            return DirectionEnd.Stopped;
        }

        var piece = read.Buffer.Length > _piece ? read.Buffer.Slice(0, _piece) : read.Buffer;
        var length = piece.Length;
        var isLast = read.IsCompleted && length == read.Buffer.Length;
        _bulk = length >= BulkRead ? _bulk + 1 : 0;
        _isWriting = true;
        if (_writer is not ISequenceSend direct)
        {
            if (!await WriteAsync(piece))
            {
                return DirectionEnd.WriteFailed;
            }
        }
        else if (length > 0)
        {
            var sending = direct.SendAsync(piece);
            _waits |= !sending.IsCompleted;
            await sending;
        }

        _reader.AdvanceTo(piece.End);
        Bytes += length;
        OnProgress();
        if (MustPause(length))
        {
            await PauseAsync(length);
        }

        return isLast ? await EndAsync()
            : _bulk < ReadsUntilSplice ? DirectionEnd.None
            : await SpliceAsync() is var spliced && spliced == DirectionEnd.Ended ? await EndAsync()
            : spliced;
    }

    private void OnProgress() => Volatile.Write(ref _movedAt, _relay.OnProgress());

    private async ValueTask<bool> WriteAsync(ReadOnlySequence<byte> piece)
    {
        if (piece.IsEmpty)
        {
            return true;
        }

        foreach (var segment in piece)
        {
            _writer.Write(segment.Span);
        }

        var flushing = _writer.FlushAsync();
        _waits |= !flushing.IsCompleted;
        return !(await flushing).IsCompleted;
    }

    private async ValueTask<DirectionEnd> EndAsync()
    {
        // Before the receiver is told, whose answer may be its own end.
        _relay.EndBecause(_endedReason);
        _isWriting = true;
        if (_to.Transport is IHalfClose to)
        {
            await to.EndOutputAsync();
        }
        else
        {
            // A transport of Kestrel's ends both directions at once: not while the other is under way.
            await _relay.AwaitSilenceAsync(this);
            await _writer.CompleteAsync();
        }

        return DirectionEnd.Ended;
    }

    /// <summary>Whether there are rates to wait for, or nothing has waited for so long that the loop's other sockets are due.</summary>
    private bool MustPause(long length)
    {
        _unwaited = _waits ? 0 : _unwaited + length;
        return (_rates.Count > 0 && length > 0) || _unwaited > Relay.FairShare;
    }

    private async ValueTask PauseAsync(long length)
    {
        if (_rates.Count > 0)
        {
            await PaceAsync(length);
        }
        else
        {
            _unwaited = 0;
            await Relay.BehindOthersAsync();
        }
    }

    private async Task PaceAsync(long length)
    {
        var wait = TimeSpan.Zero;
        foreach (var rate in _rates)
        {
            var own = rate.Take(length);
            wait = own > wait ? own : wait;
        }

        if (wait > TimeSpan.Zero)
        {
            var loop = EventLoop.Current;
            await Task.Delay(wait, _relay.Time, _relay.Cut).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            OnProgress();
            if (loop is not null)
            {
                await Relay.BackToAsync(loop);
            }
        }
    }

    /// <summary>Lets the kernel move the bytes, where it can and they are many. None: go on by reading.</summary>
    private async ValueTask<DirectionEnd> SpliceAsync()
    {
        _bulk = 0;
        if (_rates.Count > 0 || _relay.IsStopping || _from.Transport is not SocketConnection from || _to.Transport is not SocketConnection to
            || !SplicePump.Fits(from, to))
        {
            return DirectionEnd.None;
        }

        var pump = new SplicePump(from, to, OnProgress);
        Volatile.Write(ref _pump, pump);
        var end = await pump.RunAsync();
        Volatile.Write(ref _pump, null);
        Bytes += pump.Moved;
        _relay.Note(pump.Error);
        return end switch
        {
            SpliceEnd.Ended => DirectionEnd.Ended,
            SpliceEnd.ReadFailed => DirectionEnd.ReadFailed,
            SpliceEnd.WriteFailed => DirectionEnd.WriteFailed,
            _ => _relay.IsStopping ? DirectionEnd.Stopped : DirectionEnd.None,
        };
    }
}
