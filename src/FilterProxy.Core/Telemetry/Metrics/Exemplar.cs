namespace FilterProxy.Core.Telemetry.Metrics;

/// <summary>One measurement of a histogram's bucket that a trace tells more about.</summary>
/// <param name="TraceId">32 hex digits.</param>
/// <param name="SpanId">16 hex digits.</param>
/// <param name="Value">In the metric's unit.</param>
/// <param name="Time">When it was measured.</param>
internal sealed record Exemplar(string TraceId, string SpanId, double Value, DateTimeOffset Time);
