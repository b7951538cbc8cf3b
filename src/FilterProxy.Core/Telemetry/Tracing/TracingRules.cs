using System.Diagnostics;
using System.Runtime.InteropServices;

namespace FilterProxy.Core.Telemetry.Tracing;

/// <summary>Whose word is taken on whether a trace is recorded.</summary>
internal enum TraceTrust : byte
{
    /// <summary>Nobody's.</summary>
    Nobody,

    /// <summary>That of trusted proxies.</summary>
    Trusted,

    /// <summary>That of every client.</summary>
    Anyone,
}

/// <summary>How exchanges are traced.</summary>
internal sealed class TracingRules
{
    /// <summary>Where spans come from.</summary>
    public static readonly ActivitySource Source = new("FilterProxy");

    private readonly ulong _threshold;

    /// <param name="ratio">The part of traces that begin here to be recorded, from 0 to 1.</param>
    public TracingRules(double ratio)
    {
        Ratio = ratio;
        _threshold = ratio >= 1 ? ulong.MaxValue : (ulong)(ratio * ulong.MaxValue);
    }

    public double Ratio { get; }

    public TraceTrust Parent { get; init; } = TraceTrust.Trusted;

    /// <summary>Whether exchanges that fail are recorded in any case: then every exchange has spans, to be thrown away at its end.</summary>
    public bool Errors { get; init; }

    public TraceFormats Formats { get; init; } = TraceFormats.W3C;

    /// <summary>Whether a trace is one of those to be recorded. The same for all proxies that see it, as far as their ratios go.</summary>
    /// <param name="trace">The trace; where it has none yet, any random numbers.</param>
    public bool IsChosen(in TraceContext trace) => _threshold == ulong.MaxValue || Mix(trace.TraceLow) < _threshold;

    /// <summary>The beginning of a trace.</summary>
    public static TraceContext NewTrace(bool isSampled)
    {
        Span<ulong> random = stackalloc ulong[3];
        Random.Shared.NextBytes(MemoryMarshal.AsBytes(random));

        // No id is zero (W3C Trace Context §3.2.2).
        return new TraceContext(random[0] | 1, random[1], random[2] | 1, isSampled);
    }

    // Ids need not be random in every bit (B3 allows counters): what decides must be spread.
    private static ulong Mix(ulong value)
    {
        value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9;
        value = (value ^ (value >> 27)) * 0x94d049bb133111eb;
        return value ^ (value >> 31);
    }
}
