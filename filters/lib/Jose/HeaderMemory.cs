namespace FilterProxy.Filters.Jose;

/// <summary>
/// Headers that were read before, found again by their bytes: all tokens of one key have the same. Only what has been read without fault is kept,
/// and no more than there are places.
/// </summary>
internal static class HeaderMemory
{
    private const int Places = 64;
    private const int Longest = 512;

    private static readonly Entry?[] Entries = new Entry?[Places];

    /// <summary>A header in base64url; null with why.</summary>
    public static JwsHeader? Read(ReadOnlySpan<byte> text, out JwtFailure failure)
    {
        // Its hash is seeded by the process: nobody knows which header takes whose place.
        HashCode hash = default;
        hash.AddBytes(text);
        ref var place = ref Entries[(uint)hash.ToHashCode() % Places];
        if (Volatile.Read(ref place) is { } entry && text.SequenceEqual(entry.Text))
        {
            failure = default;
            return entry.Header;
        }

        if (!Base64UrlText.TryDecode(text, out var bytes))
        {
            failure = JwsToken.NoBase64;
            return null;
        }

        var header = JwsHeader.Read(bytes, out failure);
        if (header is not null && text.Length <= Longest)
        {
            Volatile.Write(ref place, new Entry(text.ToArray(), header));
        }

        return header;
    }

    private sealed record Entry(byte[] Text, JwsHeader Header);
}
