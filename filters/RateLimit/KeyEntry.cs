using System.Runtime.CompilerServices;
using FilterProxy.Filters.Keys;

namespace FilterProxy.Filters.RateLimit;

/// <summary>What is kept of one key: 88 bytes. What the numbers mean is the <see cref="Meter"/>'s.</summary>
internal struct KeyEntry
{
    /// <summary>Bytes of a key kept to be shown.</summary>
    public const int MostText = 26;

    public KeyId Id;

    /// <summary>What has been used.</summary>
    public long Used;

    /// <summary>When that was so, or when the window began, in ticks of the monotonic clock.</summary>
    public long At;

    /// <summary>What was used in the window before.</summary>
    public long Before;

    /// <summary>Until when redis would refuse: not asked before.</summary>
    public long BlockedUntil;

    /// <summary>The next entry of the same bucket; -1 for none.</summary>
    public int Next;

    /// <summary>Length of the key, as far as it can be shown.</summary>
    public byte TextLength;

    public bool IsUsed;

    public KeyText Text;

    /// <summary>The beginning of a key.</summary>
    [InlineArray(MostText)]
    public struct KeyText
    {
        private byte _first;
    }
}
