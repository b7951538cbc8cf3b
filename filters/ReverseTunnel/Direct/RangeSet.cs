namespace FilterProxy.Filters.ReverseTunnel.Direct;

/// <summary>Whole numbers as ranges [start, end) in order, which neither overlap nor touch: numbers of packets, and offsets of a stream.</summary>
internal sealed class RangeSet
{
    private (long Start, long End)[] _ranges = new (long, long)[4];

    /// <summary>Ranges.</summary>
    public int Count { get; private set; }

    public (long Start, long End) this[int index] => _ranges[index];

    /// <summary>Whether a number is in it.</summary>
    public bool Contains(long number) => Covers(number, number + 1);

    /// <summary>Whether all of a range is in it.</summary>
    public bool Covers(long start, long end)
    {
        var at = FirstEndingBehind(start);
        return at < Count && _ranges[at].Start <= start && _ranges[at].End >= end;
    }

    /// <summary>Puts a range in, of which some may be there already.</summary>
    public void Add(long start, long end)
    {
        if (start >= end)
        {
            return;
        }

        // Those that overlap or touch it become one with it.
        var first = FirstEndingBehind(start - 1);
        var last = first;
        while (last < Count && _ranges[last].Start <= end)
        {
            (start, end) = (Math.Min(start, _ranges[last].Start), Math.Max(end, _ranges[last].End));
            last++;
        }

        if (first == last)
        {
            if (Count == _ranges.Length)
            {
                Array.Resize(ref _ranges, Count * 2);
            }

            Array.Copy(_ranges, first, _ranges, first + 1, Count - first);
            Count++;
        }
        else if (last - first > 1)
        {
            Array.Copy(_ranges, last, _ranges, first + 1, Count - last);
            Count -= last - first - 1;
        }

        _ranges[first] = (start, end);
    }

    /// <summary>Takes out all numbers below one.</summary>
    public void RemoveBelow(long number)
    {
        var gone = FirstEndingBehind(number);
        if (gone > 0)
        {
            Array.Copy(_ranges, gone, _ranges, 0, Count - gone);
            Count -= gone;
        }

        if (Count > 0 && _ranges[0].Start < number)
        {
            _ranges[0].Start = number;
        }
    }

    /// <summary>Takes all out.</summary>
    public void Clear() => Count = 0;

    /// <summary>The index of the first range whose end is larger; <see cref="Count"/> where there is none. The newest are asked for most.</summary>
    private int FirstEndingBehind(long number)
    {
        if (Count == 0 || _ranges[Count - 1].End <= number)
        {
            return Count;
        }

        var (low, high) = (0, Count - 1);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (_ranges[middle].End > number)
            {
                high = middle;
            }
            else
            {
                low = middle + 1;
            }
        }

        return low;
    }
}
