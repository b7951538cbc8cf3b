namespace FilterProxy.Filters.Http;

/// <summary>The parts of an authority (RFC 3986 §3.2).</summary>
internal static class Authority
{
    /// <summary>The host without its port; an IPv6 literal keeps its brackets.</summary>
    public static ReadOnlySpan<byte> HostOf(ReadOnlySpan<byte> authority)
    {
        var colon = authority.LastIndexOf((byte)':');
        return colon > authority.LastIndexOf((byte)']') ? authority[..colon] : authority;
    }
}
