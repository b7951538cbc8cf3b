namespace FilterProxy.Core.Http1;

/// <summary>How the end of a body is found (RFC 9112 §6.3).</summary>
internal enum BodyKind : byte
{
    None,
    Length,
    Chunked,
    UntilClose,
}
