namespace FilterProxy;

/// <summary>What a body filter wants of one message.</summary>
public enum BodyUse
{
    /// <summary>Nothing: the bytes pass by without a call.</summary>
    None,

    /// <summary>To see the bytes; they go on unchanged.</summary>
    Observe,

    /// <summary>
    /// To write what goes on instead. Removes Content-Length and weakens a strong ETag of the message, unless the whole
    /// body was buffered and replaced before its head was sent.
    /// </summary>
    Transform,
}
