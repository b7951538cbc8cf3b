using System.Numerics;

namespace PacedClient;

/// <summary>Counts of durations in buckets that are 1/128 of their value wide, like HdrHistogram's: exact to 0.8%.</summary>
internal sealed class Histogram
{
    private const int Bits = 7;
    private readonly long[] _counts = new long[(64 - Bits) << Bits];

    public long Count { get; private set; }
    public long Max { get; private set; }

    public void Record(long nanoseconds)
    {
        var value = Math.Max(nanoseconds, 0);
        Count++;
        Max = Math.Max(Max, value);
        // Below 2^8 a bucket is one value; above, the exponent and the seven bits after the leading one.
        var shift = Math.Max(0, 63 - BitOperations.LeadingZeroCount((ulong)value) - Bits);
        _counts[(shift << Bits) + (int)(value >> shift)]++;
    }

    /// <summary>The value that this part of the durations does not exceed.</summary>
    public long Quantile(double part)
    {
        var left = Math.Max(1, (long)Math.Ceiling(Count * part));
        for (var i = 0; i < _counts.Length; i++)
        {
            left -= _counts[i];
            if (left <= 0)
            {
                var shift = Math.Max(0, (i >> Bits) - 1);
                var highest = ((long)(i - (shift << Bits) + 1) << shift) - 1;
                return Math.Min(highest, Max);
            }
        }

        return Max;
    }
}
