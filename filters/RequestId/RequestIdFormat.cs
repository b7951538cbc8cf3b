namespace FilterProxy.Filters.RequestId;

/// <summary>How an id looks.</summary>
public enum RequestIdFormat
{
    /// <summary>32 hexadecimal digits, random.</summary>
    Hex,

    /// <summary>A random UUID (RFC 9562 §5.4).</summary>
    Uuid,

    /// <summary>A UUID that begins with the time (RFC 9562 §5.7).</summary>
    Uuid7,
}
