using System.Buffers.Text;

namespace FilterProxy.Core.Telemetry.Tracing;

/// <summary>Which header fields carry a trace.</summary>
[Flags]
internal enum TraceFormats : byte
{
    None = 0,

    /// <summary>traceparent and tracestate.</summary>
    W3C = 1,

    /// <summary>b3.</summary>
    B3 = 2,

    /// <summary>X-B3-TraceId, X-B3-SpanId and X-B3-Sampled.</summary>
    B3Multi = 4,
}

/// <summary>
/// The header fields that carry a trace from one service to the next: W3C Trace Context §3 and Zipkin's B3. What is not exactly as it
/// should be is no trace: guessing would join requests that have nothing to do with each other.
/// </summary>
internal static class TraceHeaders
{
    private const int TraceParentLength = 55;

    /// <summary>What a request brought with it.</summary>
    /// <param name="headers">Of the request.</param>
    /// <param name="formats">The fields to look at: of several that are there, W3C's counts, then b3.</param>
    /// <param name="isDecided">Whether it says that the trace is recorded, or that it is not.</param>
    public static TraceContext Read(HeaderMap headers, TraceFormats formats, out bool isDecided)
    {
        isDecided = true;
        if ((formats & TraceFormats.W3C) != 0 && headers.TryGet(KnownHeader.TraceParent, out var parent)
            && TryReadTraceParent(parent, out var context) && IsSingle(headers))
        {
            return context;
        }

        if ((formats & TraceFormats.B3) != 0 && headers.TryGet("b3"u8, out var single) && TryReadB3(single, out context, out isDecided))
        {
            return context;
        }

        if ((formats & TraceFormats.B3Multi) != 0 && headers.TryGet("x-b3-traceid"u8, out var trace)
            && headers.TryGet("x-b3-spanid"u8, out var span) && TryMake(trace, span, out context))
        {
            var flag = headers.TryGet("x-b3-flags"u8, out var flags) && flags.SequenceEqual("1"u8) ? "d"u8
                : headers.TryGet("x-b3-sampled"u8, out var sampled) ? sampled : default;
            isDecided = !flag.IsEmpty;
            return context.With(IsYes(flag));
        }

        isDecided = false;
        return default;
    }

    /// <summary>Puts a trace on a request.</summary>
    public static void Write(HeaderMap headers, TraceFormats formats, in TraceContext context)
    {
        if ((formats & TraceFormats.W3C) != 0)
        {
            Span<byte> parent = stackalloc byte[TraceParentLength];
            "00-"u8.CopyTo(parent);
            context.WriteTraceId(parent[3..]);
            parent[35] = parent[52] = (byte)'-';
            context.WriteSpanId(parent[36..]);
            parent[53] = (byte)'0';
            parent[54] = context.IsSampled ? (byte)'1' : (byte)'0';
            headers.Set(KnownHeader.TraceParent, parent);
        }

        if ((formats & (TraceFormats.B3 | TraceFormats.B3Multi)) != 0)
        {
            Span<byte> b3 = stackalloc byte[51];
            context.WriteTraceId(b3);
            b3[32] = b3[49] = (byte)'-';
            context.WriteSpanId(b3[33..]);
            b3[50] = context.IsSampled ? (byte)'1' : (byte)'0';
            if ((formats & TraceFormats.B3) != 0)
            {
                headers.Set("b3"u8, b3);
            }

            if ((formats & TraceFormats.B3Multi) != 0)
            {
                headers.Set("x-b3-traceid"u8, b3[..32]);
                headers.Set("x-b3-spanid"u8, b3.Slice(33, 16));
                headers.Set("x-b3-sampled"u8, b3[50..]);
                headers.Remove("x-b3-parentspanid"u8);
                headers.Remove("x-b3-flags"u8);
            }
        }
    }

    // §3.2.2: version "ff" is none; a later version may be longer, and begins like this one.
    private static bool TryReadTraceParent(ReadOnlySpan<byte> value, out TraceContext context)
    {
        context = default;
        if (value.Length < TraceParentLength || value[2] != '-' || value[35] != '-' || value[52] != '-'
            || !TryHex(value[..2], out var version) || version == 0xff
            || (version == 0 ? value.Length != TraceParentLength : value.Length > TraceParentLength && value[TraceParentLength] != '-')
            || !TryHex(value.Slice(53, 2), out var flags) || !TryMake(value.Slice(3, 32), value.Slice(36, 16), out context))
        {
            return false;
        }

        context = context.With((flags & 1) != 0);
        return true;
    }

    // Two of them name two traces.
    private static bool IsSingle(HeaderMap headers)
    {
        var count = 0;
        foreach (var _ in headers.Values(KnownHeader.TraceParent))
        {
            count++;
        }

        return count == 1;
    }

    // {trace}-{span}[-{sampled}[-{parent}]]; a lone "0" says only that nothing is to be recorded.
    private static bool TryReadB3(ReadOnlySpan<byte> value, out TraceContext context, out bool isDecided)
    {
        context = default;
        isDecided = false;
        var dash = value.IndexOf((byte)'-');
        if (dash is not (16 or 32) || value.Length < dash + 17 || !TryMake(value[..dash], value.Slice(dash + 1, 16), out context))
        {
            return false;
        }

        var rest = value[(dash + 17)..];
        if (rest.IsEmpty)
        {
            return true;
        }

        if (rest.Length < 2 || rest[0] != '-' || (rest.Length > 2 && (rest[2] != '-' || rest.Length != 19 || !TryHex(rest[3..], out _))))
        {
            context = default;
            return false;
        }

        isDecided = true;
        context = context.With(IsYes(rest.Slice(1, 1)));
        return true;
    }

    private static bool IsYes(ReadOnlySpan<byte> flag) => flag.SequenceEqual("1"u8) || flag.SequenceEqual("d"u8) || flag.SequenceEqual("true"u8);

    private static bool TryMake(ReadOnlySpan<byte> trace, ReadOnlySpan<byte> span, out TraceContext context)
    {
        ulong high = 0;
        context = default;
        if (trace.Length == 32)
        {
            if (!TryHex(trace[..16], out high))
            {
                return false;
            }

            trace = trace[16..];
        }

        if (trace.Length != 16 || span.Length != 16 || !TryHex(trace, out var low) || !TryHex(span, out var id) || id == 0 || (high | low) == 0)
        {
            return false;
        }

        context = new TraceContext(high, low, id, isSampled: false);
        return true;
    }

    // Lower case only (§3.2.2.3): two spellings of one trace would be two traces to whoever compares them.
    private static bool TryHex(ReadOnlySpan<byte> digits, out ulong value) =>
        Utf8Parser.TryParse(digits, out value, out var read, 'x') && read == digits.Length && !digits.ContainsAnyInRange((byte)'A', (byte)'F');
}
