namespace FilterProxy.Core.Clusters.LoadBalancing;

/// <summary>Random numbers for choices that need no secrecy: one generator per thread (SplitMix64), a few instructions a number.</summary>
internal static class Dice
{
    [ThreadStatic]
    private static ulong t_state;

    /// <summary>Drawn evenly from all of <see cref="ulong"/>.</summary>
    public static ulong Next()
    {
        if (t_state == 0)
        {
            t_state = (ulong)Random.Shared.NextInt64() | 1;
        }

        var z = t_state += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }

    /// <summary>From 0 to one less than a count.</summary>
    public static int Below(int count) => (int)(((Next() >> 32) * (uint)count) >> 32);
}
