namespace FilterProxy.Core.Http1;

/// <summary>The options of the Connection field that mean something to the connection itself (RFC 9110 §7.6.1).</summary>
[Flags]
internal enum ConnectionOptions : byte
{
    None = 0,
    Close = 1,
    KeepAlive = 2,
    Upgrade = 4,
}
