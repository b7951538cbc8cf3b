using System.Security.Cryptography;

namespace FilterProxy.Filters.ReverseTunnel.Punch;

/// <summary>The keys of one attempt, made of what both ends have drawn for it: each end signs with its own, so that what it has said is worth nothing sent back to it.</summary>
internal sealed class PunchKeys
{
    /// <summary>Bytes that each end draws.</summary>
    public const int RandomLength = 32;

    private const int Length = 32;

    /// <param name="visitor">What the visitor has drawn.</param>
    /// <param name="agent">What the agent has.</param>
    public PunchKeys(ReadOnlySpan<byte> visitor, ReadOnlySpan<byte> agent)
    {
        var secret = HKDF.Extract(HashAlgorithmName.SHA256, [.. visitor, .. agent], "filterproxy-direct-1"u8.ToArray());
        Visitor = HKDF.Expand(HashAlgorithmName.SHA256, secret, Length, "punch visitor"u8.ToArray());
        Agent = HKDF.Expand(HashAlgorithmName.SHA256, secret, Length, "punch agent"u8.ToArray());
        Stream = HKDF.Expand(HashAlgorithmName.SHA256, secret, Length, "stream"u8.ToArray());
    }

    /// <summary>What the visitor signs with.</summary>
    public byte[] Visitor { get; }

    /// <summary>What the agent signs with.</summary>
    public byte[] Agent { get; }

    /// <summary>The key of the connection that comes of it.</summary>
    public byte[] Stream { get; }
}
