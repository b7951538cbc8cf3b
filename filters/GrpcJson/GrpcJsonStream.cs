namespace FilterProxy.Filters.GrpcJson;

/// <summary>How a stream of responses is written.</summary>
public enum GrpcJsonStream
{
    /// <summary>A JSON array whose elements come as they are sent.</summary>
    Array,

    /// <summary>A JSON value a line.</summary>
    Ndjson,

    /// <summary>An event of <c>text/event-stream</c> each.</summary>
    Sse,
}
