namespace FilterProxy;

/// <summary>What the first bytes of a connection turned out to be.</summary>
public enum ClientHelloStatus
{
    /// <summary>More bytes are needed to tell.</summary>
    NeedMore,

    /// <summary>A whole ClientHello.</summary>
    Complete,

    /// <summary>TLS, but no ClientHello that can be read, or one too long.</summary>
    Malformed,

    /// <summary>The beginning of an HTTP request in plain text.</summary>
    PlainHttp,

    /// <summary>Something else.</summary>
    NotTls,
}
