namespace FilterProxy.Filters.Resp;

/// <summary>What a value of the protocol is, RESP2 and RESP3 alike.</summary>
internal enum RespKind : byte
{
    /// <summary>Nothing: RESP2's negative lengths and RESP3's own null.</summary>
    Null,

    /// <summary>A short text such as <c>OK</c>.</summary>
    Simple,

    /// <summary>What the server refuses with; the first word is its code.</summary>
    Error,

    /// <summary>A whole number.</summary>
    Integer,

    /// <summary>Bytes.</summary>
    Bulk,

    /// <summary>An array or a set.</summary>
    Array,

    /// <summary>Keys and values in turn.</summary>
    Map,

    /// <summary>Yes or no; <see cref="RespValue.Integer"/> is 1 or 0.</summary>
    Boolean,

    /// <summary>A number with a fraction, or a larger one than fits, as it was written.</summary>
    Number,

    /// <summary>What the server tells without having been asked.</summary>
    Push,
}
