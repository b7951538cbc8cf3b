using System.Buffers.Text;

namespace FilterProxy.Filters.AccessLog;

/// <summary>
/// Puts before each line what a log record has besides its text, in a fixed width: the time, how grave it is, trace and span. The queue
/// knows nothing but lines.
/// </summary>
internal sealed class OtlpLineFormat(ILineFormat inner) : ILineFormat
{
    public const int TimeAt = 0, GraveAt = 16, TraceAt = 17, SpanAt = 49, Length = 65;

    public void Write(HttpExchange exchange, LineBuffer line)
    {
        var head = line.GetSpan(Length)[..Length];
        head.Fill((byte)'0');
        var nanoseconds = (ulong)(exchange.Stats.StartTime.UtcTicks - DateTimeOffset.UnixEpoch.Ticks) * 100;
        Utf8Formatter.TryFormat(nanoseconds, head[TimeAt..GraveAt], out _, new System.Buffers.StandardFormat('x', 16));
        head[GraveAt] = exchange.Response.StatusCode is 0 or >= 500 ? (byte)'E' : (byte)'I';
        if (!exchange.Trace.IsEmpty)
        {
            exchange.Trace.WriteTraceId(head[TraceAt..]);
            exchange.Trace.WriteSpanId(head[SpanAt..]);
        }

        line.Advance(Length);
        inner.Write(exchange, line);
    }
}
