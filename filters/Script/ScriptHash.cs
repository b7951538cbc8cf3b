namespace FilterProxy.Filters.Script;

/// <summary>The hash scripts split traffic by: FNV-1a of the UTF-16 code units with a final mix, the same in every process and version.</summary>
internal static class ScriptHash
{
    /// <param name="text">What to hash.</param>
    /// <param name="buckets">The result is below this; below 1 for all 32 bits.</param>
    public static uint Of(string text, double buckets)
    {
        var hash = 2166136261u;
        foreach (var unit in text)
        {
            hash = (hash ^ (byte)unit) * 16777619u;
            hash = (hash ^ (byte)(unit >> 8)) * 16777619u;
        }

        // Short texts that differ in their last character must not land in neighbouring buckets.
        hash ^= hash >> 16;
        hash *= 0x85ebca6b;
        hash ^= hash >> 13;
        hash *= 0xc2b2ae35;
        hash ^= hash >> 16;
        return buckets is >= 1 and <= uint.MaxValue ? (uint)(((ulong)hash * (ulong)buckets) >> 32) : hash;
    }
}
