using System.Buffers;
using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Text;

namespace FilterProxy.Filters.ReverseTunnel.Punch;

/// <summary>
/// How visitor and agent write what they agree on, each message behind one byte with its length: the visitor's offer, or that it wants none (empty); the agent's answer; and the visitor's verdict.
/// An offer has milliseconds in two bytes, its random bytes and candidates; an answer a reason (its length in one byte, 0 for none) and, where there is none, its random bytes and candidates.
/// A candidate is its port in two bytes, 4 or 16, and as many bytes of address; in front of them stands how many there are.
/// </summary>
internal static class PathText
{
    private const int LongestReason = 64;
    private static readonly SearchValues<byte> ReasonBytes = SearchValues.Create("abcdefghijklmnopqrstuvwxyz_"u8);

    public static byte[] Write(PathOffer? offer)
    {
        if (offer is null)
        {
            return [];
        }

        Span<byte> timeout = stackalloc byte[sizeof(ushort)];
        BinaryPrimitives.WriteUInt16BigEndian(timeout, (ushort)Math.Clamp(offer.Timeout.TotalMilliseconds, 1, ushort.MaxValue));
        return [.. timeout, .. offer.Random, .. Write(offer.Candidates)];
    }

    public static byte[] Write(PathAnswer answer) => answer.Refusal is { } reason
        ? [(byte)reason.Length, .. Encoding.ASCII.GetBytes(reason)]
        : [0, .. answer.Random, .. Write(answer.Candidates)];

    public static byte[] Write(bool isDirect) => [isDirect ? (byte)1 : (byte)0];

    /// <summary>Reads an offer; null where none is wanted. False where it is malformed.</summary>
    public static bool TryReadOffer(ReadOnlySpan<byte> text, out PathOffer? offer)
    {
        offer = null;
        if (text.IsEmpty)
        {
            return true;
        }

        if (text.Length < sizeof(ushort) + PunchKeys.RandomLength || !TryReadCandidates(text[(sizeof(ushort) + PunchKeys.RandomLength)..], out var candidates))
        {
            return false;
        }

        offer = new PathOffer(
            TimeSpan.FromMilliseconds(BinaryPrimitives.ReadUInt16BigEndian(text)), text.Slice(sizeof(ushort), PunchKeys.RandomLength).ToArray(), candidates);
        return true;
    }

    /// <summary>Reads an answer; false where it is malformed.</summary>
    public static bool TryReadAnswer(ReadOnlySpan<byte> text, [NotNullWhen(true)] out PathAnswer? answer)
    {
        answer = null;
        if (text.IsEmpty)
        {
            return false;
        }

        if (text[0] > 0)
        {
            var reason = text[1..];
            answer = text[0] <= LongestReason && reason.Length == text[0] && !reason.ContainsAnyExcept(ReasonBytes) ? PathAnswer.No(Encoding.ASCII.GetString(reason)) : null;
        }
        else if (text.Length >= 1 + PunchKeys.RandomLength && TryReadCandidates(text[(1 + PunchKeys.RandomLength)..], out var candidates))
        {
            answer = new PathAnswer(null, text.Slice(1, PunchKeys.RandomLength).ToArray(), candidates);
        }

        return answer is not null;
    }

    /// <summary>Reads a verdict; false where it is malformed.</summary>
    public static bool TryReadVerdict(ReadOnlySpan<byte> text, out bool isDirect)
    {
        isDirect = text is [1];
        return text is [0 or 1];
    }

    private static byte[] Write(IReadOnlyList<IPEndPoint> candidates)
    {
        var bytes = new List<byte> { (byte)Math.Min(candidates.Count, Candidates.Most) };
        foreach (var candidate in candidates.Take(Candidates.Most))
        {
            var address = (candidate.Address.IsIPv4MappedToIPv6 ? candidate.Address.MapToIPv4() : candidate.Address).GetAddressBytes();
            bytes.AddRange([(byte)(candidate.Port >> 8), (byte)candidate.Port, (byte)address.Length, .. address]);
        }

        return [.. bytes];
    }

    private static bool TryReadCandidates(ReadOnlySpan<byte> text, out List<IPEndPoint> candidates)
    {
        candidates = [];
        if (text.IsEmpty || text[0] > Candidates.Most)
        {
            return false;
        }

        int count = text[0];
        text = text[1..];
        for (var i = 0; i < count; i++)
        {
            if (text.Length < 3 || text[2] is not (4 or 16) || text.Length < 3 + text[2])
            {
                return false;
            }

            candidates.Add(new IPEndPoint(new IPAddress(text.Slice(3, text[2])), BinaryPrimitives.ReadUInt16BigEndian(text)));
            text = text[(3 + text[2])..];
        }

        return text.IsEmpty;
    }
}
