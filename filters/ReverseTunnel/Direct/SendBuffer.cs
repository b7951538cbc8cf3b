using System.Buffers;
using System.IO.Pipelines;

namespace FilterProxy.Filters.ReverseTunnel.Direct;

/// <summary>A piece of a stream to send.</summary>
/// <param name="Offset">Where it belongs.</param>
/// <param name="Length">Its bytes.</param>
/// <param name="IsLast">Whether the stream ends with it.</param>
internal readonly record struct StreamPiece(long Offset, int Length, bool IsLast);

/// <summary>
/// The stream to send, of which the pipe keeps what the peer has not acknowledged: so the pipe's own limit is that of what is sent and not acknowledged,
/// and whoever writes waits for it.
/// </summary>
/// <param name="source">Read here alone.</param>
internal sealed class SendBuffer(PipeReader source)
{
    private readonly RangeSet _lost = new();
    private readonly RangeSet _acked = new();
    private ReadOnlySequence<byte> _held;
    private bool _isReading;
    private bool _isLastLost;
    private bool _isLastSent;
    private bool _isLastAcked;
    private long _start;
    private bool _isReleased;

    /// <summary>The offset behind the last byte written.</summary>
    public long End => _start + _held.Length;

    /// <summary>The offset behind the last byte sent.</summary>
    public long Sent { get; private set; }

    /// <summary>The offset behind the last byte of which and of all before the peer is known to have them.</summary>
    public long Delivered => _start;

    /// <summary>Whether nothing more will be written.</summary>
    public bool IsEnded { get; private set; }

    /// <summary>Whether the peer has it all, and knows its end.</summary>
    public bool IsDelivered => IsEnded && _isLastAcked && _start == End;

    /// <summary>Whether there is something to send within a limit.</summary>
    public bool HasPiece(long limit) => _lost.Count > 0 || _isLastLost || Sent < Math.Min(End, limit) || (IsEnded && !_isLastSent && Sent == End);

    /// <summary>Whether a limit alone holds back what was written.</summary>
    public bool IsHeldBack(long limit) => _lost.Count == 0 && Sent < End && Sent >= limit;

    /// <summary>Gives back what was acknowledged, and takes what was written since.</summary>
    public void Refresh()
    {
        if (_isReleased)
        {
            return;
        }

        if (_isReading)
        {
            source.AdvanceTo(_held.Start);
        }

        _isReading = source.TryRead(out var read);
        _held = _isReading ? read.Buffer : default;
        IsEnded |= _isReading && read.IsCompleted;
    }

    /// <summary>The next piece: what was lost comes first.</summary>
    /// <param name="room">Bytes at most.</param>
    /// <param name="limit">The offset up to which the peer takes any.</param>
    /// <param name="piece">That piece, which counts as sent.</param>
    public bool TryTake(int room, long limit, out StreamPiece piece)
    {
        if (_lost.Count > 0)
        {
            var (start, end) = _lost[0];
            piece = PieceAt(start, (int)Math.Min(room, end - start));
            _lost.RemoveBelow(start + piece.Length);
            return true;
        }

        if (!HasPiece(limit))
        {
            piece = default;
            return false;
        }

        piece = PieceAt(Sent, (int)Math.Max(0, Math.Min(room, Math.Min(End, limit) - Sent)));
        Sent += piece.Length;
        return true;
    }

    /// <summary>The oldest piece that was sent and not acknowledged, to be sent once more (RFC 9002 §6.2.4).</summary>
    public bool TryRepeat(int room, out StreamPiece piece)
    {
        var end = _acked.Count > 0 ? _acked[0].Start : Sent;
        if (_start == Sent && (!_isLastSent || _isLastAcked))
        {
            piece = default;
            return false;
        }

        piece = PieceAt(_start, (int)Math.Min(room, end - _start));
        return true;
    }

    /// <summary>Copies a piece's bytes.</summary>
    public void Copy(in StreamPiece piece, Span<byte> into) => _held.Slice(piece.Offset - _start, piece.Length).CopyTo(into);

    /// <summary>The peer has a piece.</summary>
    public void OnAcked(long offset, int length, bool isLast)
    {
        if (_isReleased)
        {
            return;
        }

        _isLastAcked |= isLast;
        _isLastLost &= !_isLastAcked;
        _acked.Add(Math.Max(offset, _start), offset + length);
        if (_acked.Count > 0 && _acked[0].Start <= _start)
        {
            var end = _acked[0].End;
            _held = _held.Slice(end - _start);
            _start = end;
            _acked.RemoveBelow(end);
            _lost.RemoveBelow(end);
        }
    }

    /// <summary>A piece is to be sent again.</summary>
    public void OnLost(long offset, int length, bool isLast)
    {
        if (_isReleased)
        {
            return;
        }

        _isLastLost |= isLast && !_isLastAcked;
        var start = Math.Max(offset, _start);
        if (!_acked.Covers(start, offset + length))
        {
            _lost.Add(start, offset + length);
        }
    }

    /// <summary>Sends nothing more: frees what is held, and whoever writes is told.</summary>
    public void Release()
    {
        if (!_isReleased)
        {
            _isReleased = true;
            (_held, _start, Sent) = (default, 0, 0);
            _lost.Clear();
            _acked.Clear();
            (IsEnded, _isLastLost, _isLastSent, _isLastAcked) = (true, false, true, true);
            source.Complete();
        }
    }

    private StreamPiece PieceAt(long offset, int length)
    {
        var isLast = IsEnded && offset + length == End;
        _isLastSent |= isLast;
        _isLastLost &= !isLast;
        return new StreamPiece(offset, length, isLast);
    }
}
