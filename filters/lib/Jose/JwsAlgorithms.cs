using System.Security.Cryptography;

namespace FilterProxy.Filters.Jose;

/// <summary>What belongs to an algorithm, and sets of them as bits.</summary>
internal static class JwsAlgorithms
{
    private static readonly (string Name, JwsAlgorithm Algorithm)[] Names =
        [.. Enum.GetValues<JwsAlgorithm>().Where(algorithm => algorithm != JwsAlgorithm.None).Select(algorithm => (algorithm.ToString(), algorithm))];

    /// <summary>All with a public key: what is taken unless the configuration says otherwise.</summary>
    public static readonly int Asymmetric = SetOf(Names.Select(known => known.Algorithm).Where(algorithm => !IsSymmetric(algorithm)));

    /// <summary>The names there are, for messages.</summary>
    public static string Known => string.Join(", ", Names.Select(known => known.Name));

    /// <summary>Names are compared with case (RFC 7515 §4.1.1): <c>rs256</c> is none.</summary>
    public static JwsAlgorithm Parse(string? name) => Array.Find(Names, known => known.Name == name).Algorithm;

    public static int SetOf(IEnumerable<JwsAlgorithm> algorithms) => algorithms.Aggregate(0, (set, algorithm) => set | Bit(algorithm));

    public static bool Contains(int set, JwsAlgorithm algorithm) => (set & Bit(algorithm)) != 0;

    public static bool IsSymmetric(JwsAlgorithm algorithm) => algorithm is JwsAlgorithm.HS256 or JwsAlgorithm.HS384 or JwsAlgorithm.HS512;

    public static bool IsRsa(JwsAlgorithm algorithm) => algorithm is >= JwsAlgorithm.RS256 and <= JwsAlgorithm.PS512;

    public static bool IsPss(JwsAlgorithm algorithm) => algorithm is >= JwsAlgorithm.PS256 and <= JwsAlgorithm.PS512;

    public static HashAlgorithmName HashOf(JwsAlgorithm algorithm) => algorithm switch
    {
        JwsAlgorithm.RS256 or JwsAlgorithm.PS256 or JwsAlgorithm.ES256 or JwsAlgorithm.HS256 => HashAlgorithmName.SHA256,
        JwsAlgorithm.RS384 or JwsAlgorithm.PS384 or JwsAlgorithm.ES384 or JwsAlgorithm.HS384 => HashAlgorithmName.SHA384,
        _ => HashAlgorithmName.SHA512,
    };

    private static int Bit(JwsAlgorithm algorithm) => algorithm == JwsAlgorithm.None ? 0 : 1 << (int)algorithm;
}
