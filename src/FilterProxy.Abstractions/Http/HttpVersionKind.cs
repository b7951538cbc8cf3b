namespace FilterProxy;

/// <summary>The protocol version of a message.</summary>
#pragma warning disable CS1591 // Each member is the version it is named after.
public enum HttpVersionKind : byte
{
    Http10, Http11, Http2, Http3,
}
#pragma warning restore CS1591
