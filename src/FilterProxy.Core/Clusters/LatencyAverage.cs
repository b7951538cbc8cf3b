using System.Diagnostics;

namespace FilterProxy.Core.Clusters;

/// <summary>
/// A moving average of response times that rises at once and falls slowly: a slow response counts in full, and is forgotten over ten
/// seconds, in which fast ones or none at all come. Writers at the same time may lose one of their samples, never the average.
/// </summary>
internal sealed class LatencyAverage
{
    private const double Decay = 10.0;
    private double _seconds;
    private long _at;

    /// <summary>The average in seconds by now; 0 when nothing is known.</summary>
    public double Read(long timestamp) => Fade(Volatile.Read(ref _seconds), timestamp - Volatile.Read(ref _at));

    /// <summary>Takes a response time in.</summary>
    public void Add(double seconds, long timestamp)
    {
        var old = Volatile.Read(ref _seconds);
        var elapsed = timestamp - Volatile.Read(ref _at);
        Volatile.Write(ref _at, timestamp);
        Volatile.Write(ref _seconds, seconds > old ? seconds : seconds + Fade(old - seconds, elapsed));
    }

    private static double Fade(double seconds, long ticks) =>
        seconds <= 0 ? 0 : seconds * Math.Exp(-Math.Max(0, ticks) / (Decay * Stopwatch.Frequency));
}
