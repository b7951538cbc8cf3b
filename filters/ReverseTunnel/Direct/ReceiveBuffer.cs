using System.Buffers;
using System.IO.Pipelines;

namespace FilterProxy.Filters.ReverseTunnel.Direct;

/// <summary>The stream that arrives: put in order, and handed on to a pipe. What overtook is kept in blocks, of which only those with something in them exist.</summary>
/// <param name="target">Written here alone. Never pauses: the window bounds what is in it.</param>
internal sealed class ReceiveBuffer(PipeWriter target)
{
    /// <summary>Bytes that may be on their way or unread.</summary>
    public const int Window = 4 << 20;

    private const int BlockSize = 32 * 1024;
    private const int MostGaps = 4096;
    private readonly RangeSet _ahead = new();
    private byte[]?[] _blocks = [];
    private long _consumed;
    private long _next;
    private long _final = -1;
    private bool _isOver;
    private bool _isDiscarding;
    private bool _isUnflushed;

    /// <summary>The offset up to which the peer may send.</summary>
    public long Limit => _consumed + Window;

    /// <summary>Bytes that have arrived in order.</summary>
    public long Arrived => _next;

    /// <summary>Whether all has arrived, and its end.</summary>
    public bool HasEnded => _next == _final;

    /// <summary>Whether a piece is within the window, and fits what is known of the end.</summary>
    public bool CanTake(long offset, int length, bool isLast)
    {
        var end = offset + length;
        var furthest = _ahead.Count > 0 ? _ahead[_ahead.Count - 1].End : _next;
        return end <= Limit
            && (_final < 0 || (isLast ? end == _final : end <= _final))
            && (!isLast || end >= furthest)
            && (_ahead.Count < MostGaps || offset <= _next);
    }

    /// <summary>Takes a piece that it can take.</summary>
    /// <returns>Whether it brought anything.</returns>
    public bool Take(long offset, ReadOnlySpan<byte> data, bool isLast)
    {
        var isNew = isLast && _final < 0;
        var end = offset + data.Length;
        if (isLast)
        {
            _final = end;
        }

        if (offset <= _next && end > _next)
        {
            isNew = true;
            var from = _next;
            HandOn(data[(int)(_next - offset)..]);
            HandOnKept(from);
        }
        else if (end > _next && !_ahead.Covers(offset, end))
        {
            isNew = true;
            Keep(offset, data);
            _ahead.Add(offset, end);
        }

        if (HasEnded && !_isOver)
        {
            _isOver = true;
            target.Complete();
        }

        return isNew;
    }

    /// <summary>So many bytes of the stream have been read, in all.</summary>
    public void OnConsumed(long total) => _consumed = Math.Max(_consumed, total);

    /// <summary>Nobody reads any more: what arrives counts as read.</summary>
    public void Discard() => (_isDiscarding, _consumed) = (true, Math.Max(_consumed, _next));

    /// <summary>Lets the reader have what was handed on.</summary>
    public void Flush()
    {
        if (_isUnflushed && !_isOver)
        {
            // Done at once: the pipe never pauses.
            _isUnflushed = false;
            _ = target.FlushAsync();
        }
    }

    /// <summary>Nothing more comes.</summary>
    /// <param name="reason">What a reader that has not seen the end is told.</param>
    public void Fail(Exception reason)
    {
        if (!_isOver)
        {
            _isOver = true;
            target.Complete(reason);
        }

        Free(0, _blocks.Length);
        _ahead.Clear();
    }

    private void HandOn(ReadOnlySpan<byte> data)
    {
        _next += data.Length;
        if (_isDiscarding)
        {
            _consumed = Math.Max(_consumed, _next);
        }
        else if (!_isOver)
        {
            target.Write(data);
            _isUnflushed = true;
        }
    }

    private void HandOnKept(long from)
    {
        if (_blocks.Length == 0)
        {
            return;
        }

        while (_ahead.Count > 0 && _ahead[0].Start <= _next)
        {
            for (var end = _ahead[0].End; _next < end;)
            {
                var at = (int)(_next % BlockSize);
                HandOn(_blocks[BlockOf(_next)].AsSpan(at, (int)Math.Min(BlockSize - at, end - _next)));
            }

            _ahead.RemoveBelow(_next);
        }

        var first = from / BlockSize;
        var last = _ahead.Count == 0 ? (_next / BlockSize) + 1 : _next / BlockSize;
        Free(first, (int)Math.Min(_blocks.Length, last - first));
    }

    private void Keep(long offset, ReadOnlySpan<byte> data)
    {
        if (_blocks.Length == 0)
        {
            _blocks = new byte[(Window / BlockSize) + 1][];
        }

        while (!data.IsEmpty)
        {
            var at = (int)(offset % BlockSize);
            var piece = data[..Math.Min(data.Length, BlockSize - at)];
            piece.CopyTo((_blocks[BlockOf(offset)] ??= ArrayPool<byte>.Shared.Rent(BlockSize)).AsSpan(at));
            offset += piece.Length;
            data = data[piece.Length..];
        }
    }

    private int BlockOf(long offset) => (int)(offset / BlockSize % _blocks.Length);

    private void Free(long first, int count)
    {
        for (var i = first; i < first + count; i++)
        {
            ref var block = ref _blocks[i % _blocks.Length];
            if (block is not null)
            {
                ArrayPool<byte>.Shared.Return(block);
                block = null;
            }
        }
    }
}
