namespace FilterProxy.Filters.Resp;

/// <summary>Which version of its protocol is spoken to redis.</summary>
public enum RespProtocol
{
    /// <summary>RESP3, or RESP2 with a server that does not know it.</summary>
    Auto,

    /// <summary>RESP2.</summary>
    Resp2,

    /// <summary>RESP3.</summary>
    Resp3,
}
