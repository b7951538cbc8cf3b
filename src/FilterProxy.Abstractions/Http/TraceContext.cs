using System.Buffers.Binary;
using System.Diagnostics;

namespace FilterProxy;

/// <summary>
/// Where an exchange stands in a distributed trace (W3C Trace Context §3.2): the trace, the span upstreams are told as their parent, and
/// whether the trace is recorded. The default value is none.
/// </summary>
public readonly record struct TraceContext
{
    private readonly ulong _high, _low, _span;

    internal TraceContext(ulong high, ulong low, ulong span, bool isSampled)
    {
        (_high, _low, _span) = (high, low, span);
        IsSampled = isSampled;
    }

    internal TraceContext(Activity activity)
    {
        Span<byte> bytes = stackalloc byte[16];
        activity.TraceId.CopyTo(bytes);
        _high = BinaryPrimitives.ReadUInt64BigEndian(bytes);
        _low = BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]);
        activity.SpanId.CopyTo(bytes[..8]);
        _span = BinaryPrimitives.ReadUInt64BigEndian(bytes);
        IsSampled = activity.Recorded;
    }

    /// <summary>Whether there is no trace.</summary>
    public bool IsEmpty => (_high | _low) == 0;

    /// <summary>Whether the trace is recorded.</summary>
    public bool IsSampled { get; }

    /// <summary>32 hexadecimal digits; allocates.</summary>
    public string TraceId
    {
        get
        {
            Span<byte> digits = stackalloc byte[32];
            WriteTraceId(digits);
            return System.Text.Encoding.ASCII.GetString(digits);
        }
    }

    /// <summary>16 hexadecimal digits; allocates.</summary>
    public string SpanId
    {
        get
        {
            Span<byte> digits = stackalloc byte[16];
            WriteSpanId(digits);
            return System.Text.Encoding.ASCII.GetString(digits);
        }
    }

    internal ulong TraceLow => _low;

    internal ulong Span => _span;

    /// <summary>Writes the trace id.</summary>
    /// <param name="digits">32 bytes or more.</param>
    public void WriteTraceId(Span<byte> digits)
    {
        WriteHex(_high, digits);
        WriteHex(_low, digits[16..]);
    }

    /// <summary>Writes the span id.</summary>
    /// <param name="digits">16 bytes or more.</param>
    public void WriteSpanId(Span<byte> digits) => WriteHex(_span, digits);

    /// <summary>The same place for the framework's own tracing, e.g. as the parent of an activity.</summary>
    public ActivityContext ToActivityContext() => IsEmpty ? default : new ActivityContext(
        ActivityTraceId.CreateFromString(TraceId),
        ActivitySpanId.CreateFromString(SpanId),
        IsSampled ? ActivityTraceFlags.Recorded : ActivityTraceFlags.None,
        isRemote: true);

    internal TraceContext With(bool isSampled) => new(_high, _low, _span, isSampled);

    private static void WriteHex(ulong value, Span<byte> digits)
    {
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, value);
        Convert.TryToHexStringLower(bytes, digits, out _);
    }
}
