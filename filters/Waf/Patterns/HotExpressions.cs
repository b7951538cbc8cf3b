using System.Collections.Concurrent;

namespace FilterProxy.Filters.Waf.Patterns;

/// <summary>Compiles expressions that turned out to be asked often, one after the other on a thread that ends when there are none.</summary>
internal static class HotExpressions
{
    private static readonly ConcurrentQueue<ByteMatcher> Waiting = new();
    private static int _isRunning;

    public static void Add(ByteMatcher matcher)
    {
        Waiting.Enqueue(matcher);
        if (Interlocked.Exchange(ref _isRunning, 1) == 0)
        {
            new Thread(CompileAll) { IsBackground = true, Name = "waf expressions" }.Start();
        }
    }

    private static void CompileAll()
    {
        do
        {
            while (Waiting.TryDequeue(out var matcher))
            {
                matcher.Compile();
            }

            Volatile.Write(ref _isRunning, 0);
        }
        while (!Waiting.IsEmpty && Interlocked.Exchange(ref _isRunning, 1) == 0);
    }
}
