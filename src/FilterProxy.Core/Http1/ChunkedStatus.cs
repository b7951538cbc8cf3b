namespace FilterProxy.Core.Http1;

/// <summary>What a chunked decoder made of the bytes it was given.</summary>
internal enum ChunkedStatus
{
    NeedMore,
    Data,
    End,
    Failed,
}
