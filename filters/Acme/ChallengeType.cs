namespace FilterProxy.Filters.Acme;

/// <summary>How a name is proved to be ours: <c>http-01</c>, <c>tls-alpn-01</c> or <c>dns-01</c>.</summary>
public readonly record struct ChallengeType
{
    private readonly string? _name;

    private ChallengeType(string name) => _name = name;

    /// <summary>A file on port 80 (RFC 8555 section 8.3).</summary>
    public static ChallengeType Http01 { get; } = new("http-01");

    /// <summary>A certificate on port 443 (RFC 8737).</summary>
    public static ChallengeType TlsAlpn01 { get; } = new("tls-alpn-01");

    /// <summary>A TXT record (RFC 8555 section 8.4).</summary>
    public static ChallengeType Dns01 { get; } = new("dns-01");

    /// <summary>Reads one, or says what is wrong with it.</summary>
    public static bool TryParse(string text, out ChallengeType type, out string error)
    {
        type = new ChallengeType(text);
        var known = type == Http01 || type == TlsAlpn01 || type == Dns01;
        error = known ? "" : $"expected http-01, tls-alpn-01 or dns-01, got '{text}'";
        return known;
    }

    /// <summary>As it is written.</summary>
    public override string ToString() => _name ?? "http-01";

    /// <inheritdoc/>
    public bool Equals(ChallengeType other) => ToString() == other.ToString();

    /// <inheritdoc/>
    public override int GetHashCode() => ToString().GetHashCode(StringComparison.Ordinal);
}
