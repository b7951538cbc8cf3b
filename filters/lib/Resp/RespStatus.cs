namespace FilterProxy.Filters.Resp;

/// <summary>How far a reader came.</summary>
internal enum RespStatus : byte
{
    /// <summary>More bytes are needed.</summary>
    NeedMore,

    /// <summary>There is a value.</summary>
    Complete,

    /// <summary>The bytes are none of the protocol, or more than allowed: nothing behind them can be read.</summary>
    Invalid,
}
