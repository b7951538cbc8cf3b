using System.Buffers;
using System.Net;

namespace FilterProxy.Filters.ProxyProtocol;

/// <summary>Tells headers of both versions from other beginnings, and where they end. Looks at nothing behind the header.</summary>
internal static class HeaderReader
{
    /// <param name="buffer">All bytes since the connection began.</param>
    /// <param name="maxSize">Most bytes of a header of version 2.</param>
    /// <param name="sender">Who is connected.</param>
    /// <param name="header">The header, when complete.</param>
    /// <param name="length">Its bytes, when complete.</param>
    public static HeaderStatus Read(
        in ReadOnlySequence<byte> buffer, int maxSize, EndPoint? sender, out ProxyProtocolHeader? header, out int length)
    {
        (header, length) = (null, 0);
        Span<byte> head = stackalloc byte[HeaderV1.MaxLength];
        head = head[..(int)Math.Min(head.Length, buffer.Length)];
        buffer.Slice(0, head.Length).CopyTo(head);
        if (IsBeginning(head, HeaderV2.Signature))
        {
            return ReadV2(buffer, head, maxSize, sender, out header, out length);
        }

        if (!IsBeginning(head, HeaderV1.Prefix))
        {
            return HeaderStatus.NoHeader;
        }

        return head.Length < HeaderV1.Prefix.Length ? HeaderStatus.NeedMore : HeaderV1.Read(head, sender, out header, out length);
    }

    /// <summary>Whether one is the beginning of the other.</summary>
    private static bool IsBeginning(ReadOnlySpan<byte> head, ReadOnlySpan<byte> signature)
    {
        var common = Math.Min(head.Length, signature.Length);
        return head[..common].SequenceEqual(signature[..common]);
    }

    private static HeaderStatus ReadV2(
        in ReadOnlySequence<byte> buffer, ReadOnlySpan<byte> head, int maxSize, EndPoint? sender, out ProxyProtocolHeader? header, out int length)
    {
        (header, length) = (null, 0);
        if (head.Length < HeaderV2.FixedLength)
        {
            return HeaderStatus.NeedMore;
        }

        length = HeaderV2.LengthOf(head);
        if (length > maxSize)
        {
            return HeaderStatus.TooLarge;
        }

        if (buffer.Length < length)
        {
            return HeaderStatus.NeedMore;
        }

        // A copy of its own: the TLVs outlive the connection's buffer.
        header = HeaderV2.Parse(buffer.Slice(0, length).ToArray(), sender);
        return header is null ? HeaderStatus.Malformed : HeaderStatus.Complete;
    }
}
