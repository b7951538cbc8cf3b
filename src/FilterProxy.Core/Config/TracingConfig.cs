using System.ComponentModel.DataAnnotations;
using FilterProxy.Core.Config.Binding;

namespace FilterProxy.Core.Config;

/// <summary>Traces of exchanges.</summary>
internal sealed record TracingConfig
{
    // Comparable, so that what is not written is equal to itself.
    private static readonly ConfigList<TracePropagation> DefaultPropagation = [TracePropagation.W3c];

    /// <summary>The part of traces that begin here to be recorded, from 0 to 1. Default: 0.01.</summary>
    [Range(0.0, 1.0, ErrorMessage = "must be between 0 and 1")]
    public double Ratio { get; init; } = 0.01;

    /// <summary>
    /// Whose decision on recording is followed where a request brings a trace: that of <c>trusted</c> proxies, of <c>any</c> client, or
    /// <c>none</c>. The trace itself goes on in any case. Default: trusted.
    /// </summary>
    public TraceParent Parent { get; init; }

    /// <summary>Records every exchange that fails, whatever the ratio says; all exchanges pay for it. Default: false.</summary>
    public bool Errors { get; init; }

    /// <summary>
    /// The header fields that carry a trace, read and written: <c>w3c</c> (traceparent), <c>b3</c>, <c>b3_multi</c> (X-B3-TraceId …).
    /// Default: [w3c].
    /// </summary>
    public IReadOnlyList<TracePropagation> Propagation { get; init; } = DefaultPropagation;
}
