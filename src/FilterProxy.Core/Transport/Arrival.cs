namespace FilterProxy.Core.Transport;

/// <summary>What has come over a socket.</summary>
internal enum Arrival
{
    Nothing,
    Bytes,

    /// <summary>The peer's end, or an error.</summary>
    End,
}
