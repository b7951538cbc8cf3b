namespace FilterProxy.Filters.Jose;

/// <summary>What a token says of itself (RFC 7515 §4). Keys it brings along (jwk, jku, x5c, x5u) are never looked at.</summary>
/// <param name="Algorithm">How it is signed.</param>
/// <param name="KeyId">The key it is signed with; null for none said.</param>
/// <param name="Type">Its media type without <c>application/</c>, in lower case; empty for none.</param>
internal sealed record JwsHeader(JwsAlgorithm Algorithm, string? KeyId, string Type)
{
    private const string Prefix = "application/";

    /// <summary>Reads a header; null with why.</summary>
    public static JwsHeader? Read(ReadOnlySpan<byte> utf8, out JwtFailure failure)
    {
        if (!StrictJson.TryParseObject(utf8, out var json, out var problem))
        {
            failure = new(JwtError.Malformed, $"its header is {problem}");
            return null;
        }

        // RFC 7515 §4.1.11: no extension is understood, that of an unencoded payload (RFC 7797) included.
        if (json.TryGetProperty("crit", out _) || json.TryGetProperty("b64", out _))
        {
            failure = new(JwtError.CriticalHeader, "it demands an extension (crit)");
            return null;
        }

        if (!json.TryGetText("alg", out var name) || JwsAlgorithms.Parse(name) is var algorithm && algorithm == JwsAlgorithm.None)
        {
            failure = new(JwtError.AlgorithmDenied, $"it is signed by {JwtFailure.Show(name)}, which is no algorithm here");
            return null;
        }

        string? id = null;
        var type = "";
        if ((json.TryGetProperty("kid", out _) && !json.TryGetText("kid", out id)) || (json.TryGetProperty("typ", out _) && !json.TryGetText("typ", out type)))
        {
            failure = new(JwtError.Malformed, "its kid or typ is no text");
            return null;
        }

        // RFC 7515 §4.1.9: the prefix may be left out; media types have no case.
        type = type.ToLowerInvariant();
        failure = default;
        return new JwsHeader(algorithm, id, type.StartsWith(Prefix, StringComparison.Ordinal) ? type[Prefix.Length..] : type);
    }
}
