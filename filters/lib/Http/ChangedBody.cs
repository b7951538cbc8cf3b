namespace FilterProxy.Filters.Http;

/// <summary>The head of a message whose body was changed.</summary>
internal static class ChangedBody
{
    /// <summary>Removes what held for the bytes before: parts of them, and their digests (RFC 9110 §14.3, RFC 9530, RFC 3230).</summary>
    public static void Describe(HeaderMap headers)
    {
        headers.Remove(KnownHeader.AcceptRanges);
        headers.Remove("content-md5"u8);
        headers.Remove("digest"u8);
        headers.Remove("content-digest"u8);
        headers.Remove("repr-digest"u8);
    }
}
