using System.Buffers;

namespace FilterProxy.Filters.ProtocolSniffer;

/// <summary>Tells protocols by how their clients begin.</summary>
internal static class Beginnings
{
    // The longest method of the registry has 17 letters (RFC 9110 §16.1).
    private const int LongestMethod = 20;
    private static readonly SearchValues<byte> MethodBytes = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZ-"u8);

    /// <summary>RFC 9113 §3.4.</summary>
    private static ReadOnlySpan<byte> Preface => "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8;

    /// <summary>RFC 4253 §4.2.</summary>
    private static ReadOnlySpan<byte> Identification => "SSH-"u8;

    /// <summary>What it is; null while that is open.</summary>
    public static SniffedProtocol? Of(in ReadOnlySequence<byte> received)
    {
        Span<byte> head = stackalloc byte[LongestMethod + 8];
        head = head[..(int)Math.Min(received.Length, head.Length)];
        received.Slice(0, head.Length).CopyTo(head);
        if (head.IsEmpty)
        {
            return null;
        }

        // A handshake record of any version so far (RFC 8446 §5.1).
        if (head[0] == 22)
        {
            return head.Length == 1 ? null : head[1] == 3 ? SniffedProtocol.Tls : SniffedProtocol.Unknown;
        }

        if (IsBeginning(head, Identification))
        {
            return head.Length < Identification.Length ? null : SniffedProtocol.Ssh;
        }

        if (IsBeginning(head, Preface))
        {
            return head.Length < Preface.Length ? null : SniffedProtocol.H2c;
        }

        var letters = head.IndexOfAnyExcept(MethodBytes);
        return letters < 0 ? head.Length > LongestMethod ? SniffedProtocol.Unknown : null
            : letters is >= 3 and <= LongestMethod && head[letters] == (byte)' ' ? SniffedProtocol.Http1
            : SniffedProtocol.Unknown;
    }

    private static bool IsBeginning(ReadOnlySpan<byte> head, ReadOnlySpan<byte> whole)
    {
        var common = Math.Min(head.Length, whole.Length);
        return head[..common].SequenceEqual(whole[..common]);
    }
}
