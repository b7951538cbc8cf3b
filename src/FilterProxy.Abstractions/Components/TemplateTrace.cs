using System.Buffers;

namespace FilterProxy;

/// <summary>Operators over the trace an exchange belongs to.</summary>
internal static class TemplateTrace
{
    /// <summary>The trace id; where tracing is off, that of a <c>traceparent</c> (W3C Trace Context §3.2): version, 32 hex digits, parent, flags.</summary>
    public static bool WriteTraceId(HttpExchange x, IBufferWriter<byte> output)
    {
        if (!x.Trace.IsEmpty)
        {
            x.Trace.WriteTraceId(output.GetSpan(32));
            output.Advance(32);
            return true;
        }

        return x.Request.Headers.TryGet(KnownHeader.TraceParent, out var value)
            && value.Length >= 55 && value[2] == (byte)'-' && value[35] == (byte)'-'
            && output.WriteBytes(value.Slice(3, 32));
    }

    /// <summary>The span of the exchange; where it is not recorded, the client's.</summary>
    public static bool WriteSpanId(HttpExchange x, IBufferWriter<byte> output)
    {
        if (x.Trace.IsEmpty)
        {
            return false;
        }

        x.Trace.WriteSpanId(output.GetSpan(16));
        output.Advance(16);
        return true;
    }
}
