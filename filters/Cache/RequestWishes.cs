using FilterProxy.Filters.Http;

namespace FilterProxy.Filters.Cache;

/// <summary>What a client asks of caches (RFC 9111 §5.2.1).</summary>
internal static class RequestWishes
{
    /// <summary>Reads Cache-Control, or in its absence Pragma (§5.4).</summary>
    public static CacheControl Of(HeaderMap request)
    {
        var wishes = new CacheControl();
        if (request.Contains(KnownHeader.CacheControl))
        {
            foreach (var line in request.Values(KnownHeader.CacheControl))
            {
                wishes.Add(line);
            }
        }
        else if (request.TryGet("pragma"u8, out var pragma))
        {
            foreach (var item in new ListItems(pragma))
            {
                if (HeaderName.Equals(item, "no-cache"u8))
                {
                    wishes.Add(item);
                }
            }
        }

        return wishes;
    }

    /// <summary>Whether a response of that age will do.</summary>
    /// <param name="wishes">What the client asks.</param>
    /// <param name="stored">The response.</param>
    /// <param name="age">Its age in milliseconds.</param>
    public static bool Accept(in CacheControl wishes, StoredResponse stored, long age)
    {
        if (wishes.NoCache || (wishes.MaxAge >= 0 && age > wishes.MaxAge * 1000)
            || (wishes.MinFresh >= 0 && stored.Lifetime - age < wishes.MinFresh * 1000))
        {
            return false;
        }

        return age < stored.Lifetime || (!stored.ForbidsStale && wishes.MaxStale >= 0 && age - stored.Lifetime <= wishes.MaxStale * 1000);
    }

    /// <summary>Whether the client leaves it to the cache how fresh an answer is.</summary>
    public static bool AreNone(in CacheControl wishes) => !wishes.NoCache && wishes.MaxAge < 0 && wishes.MinFresh < 0;
}
