using System.Globalization;
using System.Text;

namespace FilterProxy.Core.Telemetry.Metrics;

/// <summary>The ranges of a histogram, over whole numbers of a small unit such as clock ticks.</summary>
internal sealed class Buckets
{
    private readonly long[] _bounds;

    /// <param name="bounds">Upper bounds, growing, in the metric's unit; above the last is one more range.</param>
    /// <param name="scale">How many of the small unit make one of the metric's.</param>
    public Buckets(IReadOnlyList<double> bounds, double scale)
    {
        Scale = scale;
        Bounds = bounds;
        _bounds = [.. bounds.Select(bound => (long)(bound * scale))];
        Count = bounds.Count + 1;
        Names = [.. bounds.Select(Write), "+Inf"u8.ToArray()];
    }

    /// <summary>How many of the small unit make one of the metric's.</summary>
    public double Scale { get; }

    public IReadOnlyList<double> Bounds { get; }

    /// <summary>The bounds as the exposition writes them, the last one too, which is none.</summary>
    public IReadOnlyList<byte[]> Names { get; }

    public int Count { get; }

    /// <summary>Which range a value is in. Small values, which are the frequent ones, are found first.</summary>
    public int IndexOf(long value)
    {
        var bounds = _bounds;
        var i = 0;
        while (i < bounds.Length && value > bounds[i])
        {
            i++;
        }

        return i;
    }

    // OpenMetrics wants canonical numbers: "1.0", not "1".
    private static byte[] Write(double bound) =>
        Encoding.ASCII.GetBytes(bound.ToString(Math.Floor(bound) == bound && Math.Abs(bound) < 1e15 ? "0.0" : "R", CultureInfo.InvariantCulture));
}
