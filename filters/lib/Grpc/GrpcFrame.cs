using System.Buffers;
using System.Buffers.Binary;

namespace FilterProxy.Filters.Lib.Grpc;

/// <summary>The frame around each message: a byte that says whether it is compressed, and its length.</summary>
internal static class GrpcFrame
{
    /// <summary>Bytes before the message.</summary>
    public const int Head = 5;

    /// <summary>A message in its frame.</summary>
    public static byte[] Wrap(ReadOnlySequence<byte> message)
    {
        var frame = new byte[Head + message.Length];
        BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(1), (uint)message.Length);
        message.CopyTo(frame.AsSpan(Head));
        return frame;
    }

    /// <summary>Takes the first message out of its frame. False when it is not whole.</summary>
    public static bool TryUnwrap(ReadOnlySequence<byte> data, out ReadOnlySequence<byte> message, out bool isCompressed, out SequencePosition end)
    {
        (message, isCompressed, end) = (default, false, data.Start);
        if (data.Length < Head)
        {
            return false;
        }

        Span<byte> head = stackalloc byte[Head];
        data.Slice(0, Head).CopyTo(head);
        var length = BinaryPrimitives.ReadUInt32BigEndian(head[1..]);
        if (data.Length - Head < length)
        {
            return false;
        }

        isCompressed = head[0] != 0;
        message = data.Slice(Head, length);
        end = message.End;
        return true;
    }
}
