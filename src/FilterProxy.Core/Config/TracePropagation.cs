namespace FilterProxy.Core.Config;

/// <summary>Header fields that carry a trace.</summary>
internal enum TracePropagation
{
    /// <summary>traceparent and tracestate.</summary>
    W3c,

    /// <summary>b3.</summary>
    B3,

    /// <summary>X-B3-TraceId, X-B3-SpanId and X-B3-Sampled.</summary>
    B3Multi,
}
