namespace FilterProxy.Core.Telemetry.Metrics;

/// <summary>
/// Counters that belong together, once per thread: who counts writes plain numbers nobody else writes, on cache lines nobody else has;
/// who reads adds all threads up.
/// </summary>
/// <param name="count">How many.</param>
internal sealed class Cells(int count)
{
    // A cache line on both sides: the collector may put the arrays of two threads side by side.
    private const int Pad = 8;
    private readonly Lock _growing = new();
    private long[]?[] _threads = [];

    /// <summary>Those of this thread, to be added to at once: not after an await.</summary>
    public Span<long> Own()
    {
        var slot = ThreadSlot.Current;
        var threads = Volatile.Read(ref _threads);
        var own = (uint)slot < (uint)threads.Length ? threads[slot] : null;
        return (own ?? Grow(slot)).AsSpan(Pad, count);
    }

    /// <summary>Adds to one of them.</summary>
    public void Add(int cell, long value) => Own()[cell] += value;

    /// <summary>The sum of one over all threads.</summary>
    public long Read(int cell)
    {
        var sum = 0L;
        foreach (var thread in Volatile.Read(ref _threads))
        {
            if (thread is not null)
            {
                sum += Volatile.Read(ref thread[Pad + cell]);
            }
        }

        return sum;
    }

    private long[] Grow(int slot)
    {
        lock (_growing)
        {
            var threads = _threads;
            if (slot >= threads.Length)
            {
                Array.Resize(ref threads, slot + 1);
            }

            // A thread before this one may have had the number: its counts stay.
            var own = threads[slot] ??= new long[count + (2 * Pad)];
            Volatile.Write(ref _threads, threads);
            return own;
        }
    }
}
