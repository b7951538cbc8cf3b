using System.Buffers.Binary;
using System.Security.Cryptography;

namespace FilterProxy.Filters.ReverseTunnel.Punch;

/// <summary>
/// What two ends say to each other before there is a connection: a kind, a number, and 16 bytes of HMAC-SHA256 over these. Each end draws a number for each address it sends to: who hears it back
/// knows that both directions work, and that whoever is there has not merely repeated what he heard elsewhere.
/// </summary>
/// <param name="Kind">What is said.</param>
/// <param name="Number">About what.</param>
internal readonly record struct PunchDatagram(PunchKind Kind, ulong Number)
{
    public const int Length = SignedLength + ProofLength;

    private const int SignedLength = 1 + sizeof(ulong), ProofLength = 16;

    /// <summary>Writes <see cref="Length"/> bytes.</summary>
    public void Write(ReadOnlySpan<byte> key, Span<byte> into)
    {
        into[0] = (byte)Kind;
        BinaryPrimitives.WriteUInt64BigEndian(into[1..], Number);
        Prove(key, into[..SignedLength], into.Slice(SignedLength, ProofLength));
    }

    /// <summary>Reads one that was signed with a key; false for everything else.</summary>
    public static bool TryRead(ReadOnlySpan<byte> datagram, ReadOnlySpan<byte> key, out PunchDatagram read)
    {
        read = default;
        if (datagram.Length != Length || datagram[0] is < (byte)PunchKind.Ask or > (byte)PunchKind.Confirm)
        {
            return false;
        }

        Span<byte> proof = stackalloc byte[ProofLength];
        Prove(key, datagram[..SignedLength], proof);
        if (!CryptographicOperations.FixedTimeEquals(proof, datagram[SignedLength..]))
        {
            return false;
        }

        read = new PunchDatagram((PunchKind)datagram[0], BinaryPrimitives.ReadUInt64BigEndian(datagram[1..]));
        return true;
    }

    private static void Prove(ReadOnlySpan<byte> key, ReadOnlySpan<byte> text, Span<byte> into)
    {
        Span<byte> whole = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData(key, text, whole);
        whole[..ProofLength].CopyTo(into);
    }
}
