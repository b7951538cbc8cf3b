using System.Globalization;
using FilterProxy.Core.Transport;

namespace FilterProxy.Core.Overload;

/// <summary>What the process has of the memory and the descriptors it may have. Asks the system twice a second, off the heartbeat's thread.</summary>
internal sealed class ProcessShares
{
    private const long Interval = 500;
    private readonly Func<long> _memory;
    private readonly Func<int> _descriptors;
    private readonly long _available;
    private readonly int _maxDescriptors;
    private long _memoryAt = long.MinValue;
    private long _descriptorsAt = long.MinValue;
    private long _resident;
    private double _heap;
    private int _open;

    public ProcessShares()
        : this(static () => Environment.WorkingSet, Descriptors.CountOpen, ReadAvailable(), Descriptors.MaxForClients)
    {
    }

    /// <param name="memory">Tells the bytes that are resident.</param>
    /// <param name="descriptors">Tells how many are open.</param>
    /// <param name="available">Bytes the container or the machine has.</param>
    /// <param name="maxDescriptors">How many there are for clients.</param>
    public ProcessShares(Func<long> memory, Func<int> descriptors, long available, int maxDescriptors) =>
        (_memory, _descriptors, _available, _maxDescriptors) = (memory, descriptors, available, maxDescriptors);

    /// <summary>Resident memory as a share of a limit, or the managed heap as one of what it may have, whichever is more.</summary>
    /// <param name="limit">In bytes; 0 for what there is.</param>
    /// <param name="now">The coarse clock, in milliseconds.</param>
    public double MemoryOf(long limit, long now)
    {
        if (IsDue(ref _memoryAt, now))
        {
            ThreadPool.UnsafeQueueUserWorkItem(static shares => shares.ReadMemory(), this, preferLocal: false);
        }

        return Math.Max((double)Volatile.Read(ref _resident) / (limit > 0 ? limit : _available), Volatile.Read(ref _heap));
    }

    /// <summary>Descriptors that are open as a share of those for clients.</summary>
    /// <param name="now">The coarse clock, in milliseconds.</param>
    public double DescriptorsOf(long now)
    {
        if (IsDue(ref _descriptorsAt, now))
        {
            ThreadPool.UnsafeQueueUserWorkItem(static shares => Volatile.Write(ref shares._open, shares._descriptors()), this, preferLocal: false);
        }

        return (double)Volatile.Read(ref _open) / _maxDescriptors;
    }

    private void ReadMemory()
    {
        Volatile.Write(ref _resident, _memory());

        // What was left by the last collection: before one is due, garbage is no sign of need.
        var heap = GC.GetGCMemoryInfo();
        Volatile.Write(ref _heap, heap.TotalAvailableMemoryBytes > 0 ? (double)heap.HeapSizeBytes / heap.TotalAvailableMemoryBytes : 0);
    }

    private static bool IsDue(ref long at, long now)
    {
        if (now < at)
        {
            return false;
        }

        at = now + Interval;
        return true;
    }

    // The collector's own idea is smaller in a container: three quarters of it, for the managed heap alone.
    private static long ReadAvailable()
    {
        var all = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        foreach (var file in OperatingSystem.IsLinux() ? new[] { "/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes" } : [])
        {
            try
            {
                if (long.TryParse(File.ReadAllText(file).Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var limit) && limit < 1L << 50)
                {
                    return limit;
                }
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // Not such a system, or no limit.
            }
        }

        return Math.Max(1, all);
    }
}
