namespace FilterProxy.Filters.Http;

/// <summary>What the conditions of a request (RFC 9110 §13) say about a representation that is at hand.</summary>
internal static class Preconditions
{
    /// <summary>Whether the request makes its answer depend on what the client has.</summary>
    public static bool AreIn(HeaderMap request) =>
        request.Contains(KnownHeader.IfNoneMatch) || request.Contains(KnownHeader.IfModifiedSince)
        || request.Contains(KnownHeader.IfMatch) || request.Contains(KnownHeader.IfUnmodifiedSince);

    /// <summary>Whether If-Match or If-Unmodified-Since forbid the answer: 412 (RFC 9110 §13.2.2, steps 1 and 2).</summary>
    public static bool Fail(HeaderMap request, ReadOnlySpan<byte> etag, long modified)
    {
        if (request.Contains(KnownHeader.IfMatch))
        {
            return !Matches(request, KnownHeader.IfMatch, etag, strong: true);
        }

        return request.TryGet(KnownHeader.IfUnmodifiedSince, out var text) && HttpTime.TryParse(text, out var since) && modified >= 0 && modified > since;
    }

    /// <summary>Whether the client has it already: 304 (RFC 9110 §13.2.2, steps 3 and 4).</summary>
    /// <param name="request">The request's fields.</param>
    /// <param name="etag">The representation's entity tag; empty for none.</param>
    /// <param name="modified">Last-Modified, or what stands for it, in seconds since 1970; negative for unknown.</param>
    public static bool AreMet(HeaderMap request, ReadOnlySpan<byte> etag, long modified)
    {
        if (request.Contains(KnownHeader.IfNoneMatch))
        {
            return Matches(request, KnownHeader.IfNoneMatch, etag, strong: false);
        }

        return request.TryGet(KnownHeader.IfModifiedSince, out var text) && HttpTime.TryParse(text, out var since) && modified >= 0 && modified <= since;
    }

    /// <summary>Whether a Range holds: there is no If-Range, or it names this very representation (RFC 9110 §13.1.5).</summary>
    public static bool RangeHolds(HeaderMap request, ReadOnlySpan<byte> etag, long modified)
    {
        if (!request.TryGet(KnownHeader.IfRange, out var condition))
        {
            return true;
        }

        return condition.IndexOf((byte)'"') >= 0
            ? IsStrong(etag) && condition.SequenceEqual(etag)
            : HttpTime.TryParse(condition, out var date) && date == modified;
    }

    private static bool Matches(HeaderMap request, KnownHeader field, ReadOnlySpan<byte> etag, bool strong)
    {
        foreach (var line in request.Values(field))
        {
            foreach (var tag in new ListItems(line))
            {
                if (tag.SequenceEqual("*"u8))
                {
                    return true;
                }

                if (strong ? IsStrong(tag) && tag.SequenceEqual(etag) : !etag.IsEmpty && Opaque(tag).SequenceEqual(Opaque(etag)))
                {
                    return true;
                }
            }
        }

        return false;
    }

    private static bool IsStrong(ReadOnlySpan<byte> tag) => tag.StartsWith("\""u8);

    // Weak comparison (RFC 9110 §8.8.3.2).
    private static ReadOnlySpan<byte> Opaque(ReadOnlySpan<byte> tag) => tag.StartsWith("W/"u8) ? tag[2..] : tag;
}
