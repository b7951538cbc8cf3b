namespace FilterProxy.Filters.Jose;

/// <summary>
/// A key that checks signatures (RFC 7517). For any number of threads. Not disposable: a set is replaced while others still check with it, so
/// its handles go with the last reference.
/// </summary>
/// <param name="id">Its id within the set; null for none.</param>
/// <param name="algorithms">The algorithms it may be used with, as a set: one, where the key says so.</param>
internal abstract class JsonWebKey(string? id, int algorithms)
{
    public string? Id { get; } = id;

    public int Algorithms { get; } = algorithms;

    public abstract bool IsSymmetric { get; }

    /// <summary>Whether a signature over a text is this key's. Algorithms the key is not for hold nothing.</summary>
    public bool Verify(JwsAlgorithm algorithm, ReadOnlySpan<byte> text, ReadOnlySpan<byte> signature) =>
        JwsAlgorithms.Contains(Algorithms, algorithm) && VerifyCore(algorithm, text, signature);

    protected abstract bool VerifyCore(JwsAlgorithm algorithm, ReadOnlySpan<byte> text, ReadOnlySpan<byte> signature);
}
