namespace FilterProxy.Core.Http1;

/// <summary>The Connection field a head is written with.</summary>
internal enum ConnectionToken
{
    None,
    Close,
    KeepAlive,
    Upgrade,
}
