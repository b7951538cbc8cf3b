namespace FilterProxy.TestKit;

/// <summary>Counts what an action allocates once it is warm.</summary>
public static class Allocations
{
    /// <summary>Bytes allocated on this thread by 100 calls, after 200 to warm up.</summary>
    public static long Of(Action action)
    {
        for (var i = 0; i < 200; i++)
        {
            action();
        }

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100; i++)
        {
            action();
        }

        return GC.GetAllocatedBytesForCurrentThread() - before;
    }
}
