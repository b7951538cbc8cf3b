using System.Buffers.Binary;

namespace FilterProxy.TestKit;

/// <summary>The types of HTTP/2 frames (RFC 9113 §6).</summary>
#pragma warning disable CS1591 // Each member is the frame it is named after.
public enum H2FrameType : byte
{
    Data, Headers, Priority, RstStream, Settings, PushPromise, Ping, GoAway, WindowUpdate, Continuation,
}
#pragma warning restore CS1591

/// <summary>One frame as it came or is to be sent; nothing about it is checked.</summary>
public sealed record H2Frame(H2FrameType Type, byte Flags, int Stream, byte[] Payload)
{
    /// <summary>The flag of DATA and HEADERS that ends the stream.</summary>
    public const byte EndStream = 1;

    /// <summary>The flag of HEADERS and CONTINUATION that ends the field block.</summary>
    public const byte EndHeaders = 4;

    /// <summary>The flag of SETTINGS and PING that answers one.</summary>
    public const byte Ack = 1;

    /// <summary>Whether it ends its stream in order.</summary>
    public bool Ends => Type is H2FrameType.Data or H2FrameType.Headers && (Flags & EndStream) != 0;

    /// <summary>The error code of RST_STREAM or GOAWAY.</summary>
    public int ErrorCode => BinaryPrimitives.ReadInt32BigEndian(Payload.AsSpan(Type == H2FrameType.GoAway ? 4 : 0));

    /// <summary>The bytes on the wire.</summary>
    public byte[] ToBytes()
    {
        var bytes = new byte[9 + Payload.Length];
        bytes[0] = (byte)(Payload.Length >> 16);
        BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(1), (ushort)Payload.Length);
        bytes[3] = (byte)Type;
        bytes[4] = Flags;
        BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(5), Stream);
        Payload.CopyTo(bytes, 9);
        return bytes;
    }

    /// <summary>SETTINGS of pairs.</summary>
    public static H2Frame Settings(params (int Id, uint Value)[] settings)
    {
        var payload = new byte[settings.Length * 6];
        foreach (var (i, (id, value)) in settings.Index())
        {
            BinaryPrimitives.WriteUInt16BigEndian(payload.AsSpan(i * 6), (ushort)id);
            BinaryPrimitives.WriteUInt32BigEndian(payload.AsSpan((i * 6) + 2), value);
        }

        return new(H2FrameType.Settings, 0, 0, payload);
    }

    /// <summary>RST_STREAM or WINDOW_UPDATE.</summary>
    public static H2Frame Number(H2FrameType type, int stream, int value)
    {
        var payload = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(payload, value);
        return new(type, 0, stream, payload);
    }
}
