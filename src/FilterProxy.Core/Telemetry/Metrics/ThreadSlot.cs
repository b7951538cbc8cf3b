namespace FilterProxy.Core.Telemetry.Metrics;

/// <summary>
/// A small number of each thread that counts something: its place in what is kept per thread. A number is one thread's alone, and goes
/// to another when the thread is gone, so that there are never more numbers than there were threads at a time.
/// </summary>
internal sealed class ThreadSlot
{
    private static readonly Lock s_lock = new();
    private static readonly SortedSet<int> s_free = [];
    private static int s_next;

    // One more than the number, so that zero is none. A plain field: it is read for every count.
    [ThreadStatic]
    private static int t_number;

    // Only to be collected when the thread is gone.
    [ThreadStatic]
    private static ThreadSlot? t_holder;

    private readonly int _index;

    private ThreadSlot(int index) => _index = index;

    ~ThreadSlot()
    {
        lock (s_lock)
        {
            s_free.Add(_index);
        }
    }

    /// <summary>Of this thread; from 0 up.</summary>
    public static int Current => t_number > 0 ? t_number - 1 : Claim();

    private static int Claim()
    {
        lock (s_lock)
        {
            var index = s_free.Count > 0 ? s_free.Min : s_next++;
            s_free.Remove(index);
            t_holder = new ThreadSlot(index);
            t_number = index + 1;
            return index;
        }
    }
}
