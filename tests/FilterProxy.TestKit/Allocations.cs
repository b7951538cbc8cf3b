namespace FilterProxy.TestKit;

/// <summary>Counts what an action allocates once it is warm.</summary>
public static class Allocations
{
    private const int Rounds = 50;

    /// <summary>
    /// Bytes allocated on this thread by 100 calls, after 200 to warm up: the least of several rounds, because on a loaded machine compilation
    /// settles late, and code that is not optimized yet may allocate.
    /// </summary>
    public static long Of(Action action)
    {
        for (var i = 0; i < 200; i++)
        {
            action();
        }

        var least = long.MaxValue;
        for (var round = 0; round < Rounds && least > 0; round++)
        {
            if (round > 0)
            {
                // The compiler works beside us.
                Thread.Sleep(20);
            }

            var before = GC.GetAllocatedBytesForCurrentThread();
            for (var i = 0; i < 100; i++)
            {
                action();
            }

            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        return least;
    }
}
