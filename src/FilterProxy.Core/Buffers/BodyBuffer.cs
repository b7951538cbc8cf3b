using System.Buffers;

namespace FilterProxy.Core.Buffers;

/// <summary>A body gathered in memory: pooled segments, given back by <see cref="Reset"/>.</summary>
internal sealed class BodyBuffer : IBufferWriter<byte>
{
    private const int SegmentSize = 16 * 1024;
    private Stack<Segment>? _spare;
    private Segment? _first, _last;

    public long Length { get; private set; }

    public ReadOnlySequence<byte> Written
    {
        get
        {
            if (_first is null)
            {
                return default;
            }

            _last!.Seal();
            return new ReadOnlySequence<byte>(_first, 0, _last, _last.Memory.Length);
        }
    }

    public void Append(in ReadOnlySequence<byte> data)
    {
        foreach (var piece in data)
        {
            this.Write(piece.Span);
        }
    }

    public void Advance(int count)
    {
        _last!.Used += count;
        Length += count;
    }

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        sizeHint = Math.Max(sizeHint, 1);
        if (_last is null || _last.Array.Length - _last.Used < sizeHint)
        {
            AddSegment(sizeHint);
        }

        return _last!.Array.AsMemory(_last.Used);
    }

    public Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    /// <summary>Gives everything back. No sequence of before may be used again.</summary>
    public void Reset()
    {
        for (var segment = _first; segment is not null;)
        {
            var next = (Segment?)segment.Next;
            ArrayPool<byte>.Shared.Return(segment.Array);
            segment.Clear();
            if (_spare is null || _spare.Count < 4)
            {
                (_spare ??= new Stack<Segment>()).Push(segment);
            }

            segment = next;
        }

        _first = _last = null;
        Length = 0;
    }

    private void AddSegment(int size)
    {
        var segment = _spare is { Count: > 0 } ? _spare.Pop() : new Segment();

        segment.Begin(ArrayPool<byte>.Shared.Rent(Math.Max(size, SegmentSize)), Length);
        _last?.Seal();
        _last?.Link(segment);
        _first ??= segment;
        _last = segment;
    }

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        public byte[] Array { get; private set; } = [];

        public int Used { get; set; }

        public void Begin(byte[] array, long runningIndex)
        {
            Array = array;
            Used = 0;
            RunningIndex = runningIndex;
            Next = null;
            Memory = default;
        }

        public void Seal() => Memory = Array.AsMemory(0, Used);

        public void Link(Segment next) => Next = next;

        public void Clear()
        {
            Array = [];
            Memory = default;
            Next = null;
        }
    }
}
