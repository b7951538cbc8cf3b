namespace FilterProxy.Filters.ReverseTunnel.Handshake;

/// <summary>What a connection is for.</summary>
internal enum TunnelKind
{
    /// <summary>HTTP/2 turned round: the agent serves, the server asks.</summary>
    Streams,

    /// <summary>One byte stream, relayed as it is.</summary>
    Work,

    /// <summary>A visitor's: one byte stream to a secret service.</summary>
    Visit,
}
