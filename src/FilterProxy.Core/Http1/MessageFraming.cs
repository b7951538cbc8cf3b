namespace FilterProxy.Core.Http1;

/// <summary>Where a message ends and whether its connection goes on after it.</summary>
/// <param name="Kind">How the end of the body is found; a body of length 0 is <see cref="BodyKind.None"/>.</param>
/// <param name="Length">Its length for <see cref="BodyKind.Length"/>, else 0.</param>
/// <param name="KeepAlive">Whether the peer lets the connection persist (RFC 9112 §9.3).</param>
internal readonly record struct MessageFraming(BodyKind Kind, long Length, bool KeepAlive);
