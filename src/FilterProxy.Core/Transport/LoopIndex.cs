namespace FilterProxy.Core.Transport;

/// <summary>A small number for the current thread: with inline completions, for its event loop.</summary>
internal static class LoopIndex
{
    private static int s_next;

    [ThreadStatic]
    private static int t_index;

    /// <summary>From 0 up; the same for the life of the thread.</summary>
    public static int Current => (t_index == 0 ? t_index = Interlocked.Increment(ref s_next) : t_index) - 1;
}
