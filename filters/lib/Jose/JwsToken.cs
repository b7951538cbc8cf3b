namespace FilterProxy.Filters.Jose;

/// <summary>A token in its compact form (RFC 7515 §7.1), taken apart; nothing of it is believed yet.</summary>
internal readonly ref struct JwsToken
{
    internal static readonly JwtFailure NoBase64 = new(JwtError.Malformed, "a part is no base64url");

    private JwsToken(JwsHeader header, ReadOnlySpan<byte> payload, ReadOnlySpan<byte> signedText, ReadOnlySpan<byte> signature)
    {
        Header = header;
        Payload = payload;
        SignedText = signedText;
        Signature = signature;
    }

    public JwsHeader Header { get; }

    /// <summary>What is signed, decoded.</summary>
    public ReadOnlySpan<byte> Payload { get; }

    /// <summary>The bytes the signature is over: header and payload as they were sent.</summary>
    public ReadOnlySpan<byte> SignedText { get; }

    public ReadOnlySpan<byte> Signature { get; }

    /// <summary>Takes a token apart.</summary>
    /// <param name="text">The token; the result has spans of it.</param>
    /// <param name="longest">The most bytes it may have.</param>
    /// <param name="token">The token.</param>
    /// <param name="failure">Why it is none.</param>
    public static bool TryParse(ReadOnlySpan<byte> text, int longest, out JwsToken token, out JwtFailure failure)
    {
        token = default;
        if (text.Length > longest)
        {
            failure = new(JwtError.TooLong, $"it has {text.Length} bytes, more than {longest}");
            return false;
        }

        var first = text.IndexOf((byte)'.');
        var last = text.LastIndexOf((byte)'.');
        if (first <= 0 || first == last || text[(first + 1)..last].Contains((byte)'.'))
        {
            failure = new(JwtError.Malformed, text.Count((byte)'.') == 4 ? "it is encrypted" : "it has not three parts");
            return false;
        }

        if (!Base64UrlText.TryDecode(text[(first + 1)..last], out var payload) || !Base64UrlText.TryDecode(text[(last + 1)..], out var signature))
        {
            failure = NoBase64;
            return false;
        }

        if (HeaderMemory.Read(text[..first], out failure) is not { } header)
        {
            return false;
        }

        token = new JwsToken(header, payload, text[..last], signature);
        return true;
    }

    /// <summary>Whether a key of a set has signed it.</summary>
    /// <param name="keys">The keys.</param>
    /// <param name="algorithms">The algorithms that are believed, as a set.</param>
    /// <param name="failure">Why it is not signed.</param>
    public bool IsSignedBy(JsonWebKeySet keys, int algorithms, out JwtFailure failure)
    {
        if (!JwsAlgorithms.Contains(algorithms, Header.Algorithm))
        {
            failure = new(JwtError.AlgorithmDenied, $"it is signed by {Header.Algorithm}, which is not allowed");
            return false;
        }

        if (keys.Find(Header.KeyId, Header.Algorithm, out failure) is not { } key)
        {
            return false;
        }

        failure = key.Verify(Header.Algorithm, SignedText, Signature)
            ? default
            : new(JwtError.BadSignature, $"its {Header.Algorithm} signature is not that of the key {JwtFailure.Show(key.Id)}");
        return failure.Error == JwtError.None;
    }
}
