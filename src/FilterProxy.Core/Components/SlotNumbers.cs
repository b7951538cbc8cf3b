using System.Collections.Concurrent;

namespace FilterProxy.Core.Components;

/// <summary>Gives slots their index: the same name gets the same one, so reloading a configuration uses no new ones.</summary>
internal static class SlotNumbers
{
    private static readonly ConcurrentDictionary<string, int> Numbers = new();
    private static int s_next = -1;

    public static int Of(string name) => Numbers.GetOrAdd(name, static _ => Interlocked.Increment(ref s_next));
}
