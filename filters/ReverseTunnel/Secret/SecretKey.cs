using System.Security.Cryptography;
using System.Text;

namespace FilterProxy.Filters.ReverseTunnel.Secret;

/// <summary>What a secret service and its visitors share, and the name both know the service by. Makes the proofs by which either knows that the other has it.</summary>
internal sealed class SecretKey
{
    /// <summary>The least bytes of one: whoever stands between can try keys on what he hears.</summary>
    public const int Shortest = 32;

    public const int NonceLength = 32;
    public const int ProofLength = HMACSHA256.HashSizeInBytes;

    // In front of everything a proof is over, so that it is a proof of nothing else.
    private const string Purpose = "filterproxy-secret-service-1";

    private readonly byte[] _key;
    private readonly string _service;

    /// <param name="key">The key as text.</param>
    /// <param name="tenant">Whose the service is.</param>
    /// <param name="cluster">Of which of its clusters.</param>
    /// <param name="service">Its name.</param>
    public SecretKey(string key, string tenant, string cluster, string service) => (_key, _service) = (Encoding.UTF8.GetBytes(key), $"{tenant}/{cluster}/{service}");

    public static bool IsLongEnough(string key) => Encoding.UTF8.GetByteCount(key) >= Shortest;

    /// <summary>The agent's proof that it has the key and that the certificate is its own.</summary>
    /// <param name="certificate">The agent's certificate, as the one who proves or checks has it.</param>
    /// <param name="visitor">The visitor's nonce.</param>
    /// <param name="agent">The agent's nonce.</param>
    public byte[] ProveAgent(ReadOnlySpan<byte> certificate, ReadOnlySpan<byte> visitor, ReadOnlySpan<byte> agent) => Prove("agent", certificate, visitor, agent);

    /// <summary>The visitor's proof that it has the key and speaks to whom that certificate belongs.</summary>
    /// <inheritdoc cref="ProveAgent"/>
    public byte[] ProveVisitor(ReadOnlySpan<byte> certificate, ReadOnlySpan<byte> visitor, ReadOnlySpan<byte> agent) => Prove("visitor", certificate, visitor, agent);

    private byte[] Prove(string role, ReadOnlySpan<byte> certificate, ReadOnlySpan<byte> visitor, ReadOnlySpan<byte> agent)
    {
        // No name holds a NUL, and all that follows the names has one length: nothing can be read in two ways.
        var names = Encoding.UTF8.GetBytes($"{Purpose}\0{role}\0{_service}\0");
        return HMACSHA256.HashData(_key, (byte[])[.. names, .. SHA256.HashData(certificate), .. visitor, .. agent]);
    }
}
