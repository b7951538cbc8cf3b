using System.Text;

namespace FilterProxy.Filters.Cache;

/// <summary>What a request that changes something makes invalid (RFC 9111 §4.4): its own target, and what its answer names of the same origin.</summary>
internal static class Invalidation
{
    /// <summary>Takes it out of a store.</summary>
    /// <param name="store">The store.</param>
    /// <param name="key">The request's key.</param>
    /// <param name="response">The answer, which is no error.</param>
    public static void Apply(CacheStore store, byte[] key, HeaderMap response)
    {
        store.Remove(key);
        Apply(store, key, response, KnownHeader.Location, default);
        Apply(store, key, response, KnownHeader.Unknown, "Content-Location"u8);
    }

    private static void Apply(CacheStore store, byte[] key, HeaderMap response, KnownHeader known, ReadOnlySpan<byte> name)
    {
        var found = known == KnownHeader.Unknown ? response.TryGet(name, out var value) : response.TryGet(known, out value);
        var url = CacheStore.UrlOf(key);
        if (!found || !Uri.TryCreate(url, UriKind.Absolute, out var target)
            || !Uri.TryCreate(target, Encoding.Latin1.GetString(value), out var named)
            || named.Scheme != target.Scheme || !string.Equals(named.Authority, target.Authority, StringComparison.OrdinalIgnoreCase))
        {
            return;
        }

        var origin = url.IndexOf('/', target.Scheme.Length + 3);
        store.Remove([.. key.AsSpan(0, origin), .. Encoding.Latin1.GetBytes(named.PathAndQuery), .. key.AsSpan(url.Length)]);
    }
}
