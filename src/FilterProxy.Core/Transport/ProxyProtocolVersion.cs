namespace FilterProxy.Core.Transport;

/// <summary>A version of the PROXY protocol.</summary>
internal enum ProxyProtocolVersion
{
    /// <summary>A line of text.</summary>
    V1,

    /// <summary>The binary form.</summary>
    V2,
}
