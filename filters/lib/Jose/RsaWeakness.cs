using System.Numerics;

namespace FilterProxy.Filters.Jose;

/// <summary>Knows RSA keys whose primes a faulty library made (CVE-2017-15361): they can be factored.</summary>
internal static class RsaWeakness
{
    private static readonly bool[][] Residues = [.. Primes(167).Skip(1).Select(PowersOfGenerator)];

    /// <summary>
    /// Whether a modulus is, by every small prime, a power of 65537: as all those primes are, and about one in 2^27 of the others.
    /// </summary>
    public static bool IsRoca(ReadOnlySpan<byte> modulus)
    {
        var n = new BigInteger(modulus, isUnsigned: true, isBigEndian: true);
        return Array.TrueForAll(Residues, residues => residues[(int)(n % residues.Length)]);
    }

    private static bool[] PowersOfGenerator(int prime)
    {
        var residues = new bool[prime];
        for (var power = 1; !residues[power]; power = (int)(65537L * power % prime))
        {
            residues[power] = true;
        }

        return residues;
    }

    private static IEnumerable<int> Primes(int last) => Enumerable.Range(2, last - 1).Where(n => Enumerable.Range(2, n - 2).All(d => n % d != 0));
}
