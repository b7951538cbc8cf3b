using System.Buffers.Binary;

namespace FilterProxy.ScenarioTests.WebSockets;

/// <summary>Frames of a WebSocket (RFC 6455 §5.2), valid or not.</summary>
internal static class WsFrame
{
    public const byte Continuation = 0, Text = 1, Binary = 2, CloseOpcode = 8, Ping = 9, Pong = 10;
    private static readonly byte[] Mask = [0x37, 0xfa, 0x21, 0x3d];

    /// <summary>What a client sends.</summary>
    public static byte[] Make(byte opcode, byte[] payload, bool fin = true, byte reserved = 0, bool masked = true)
    {
        List<byte> frame = [(byte)((fin ? 0x80 : 0) | (reserved << 4) | opcode)];
        var mask = (byte)(masked ? 0x80 : 0);
        Span<byte> length = stackalloc byte[8];
        switch (payload.Length)
        {
            case < 126:
                frame.Add((byte)(mask | payload.Length));
                break;
            case < 65_536:
                frame.Add((byte)(mask | 126));
                BinaryPrimitives.WriteUInt16BigEndian(length, (ushort)payload.Length);
                frame.AddRange(length[..2]);
                break;
            default:
                frame.Add((byte)(mask | 127));
                BinaryPrimitives.WriteInt64BigEndian(length, payload.Length);
                frame.AddRange(length);
                break;
        }

        if (masked)
        {
            frame.AddRange(Mask);
        }

        frame.AddRange(masked ? payload.Select((b, i) => (byte)(b ^ Mask[i % 4])) : payload);
        return [.. frame];
    }

    /// <summary>What a server sends.</summary>
    public static byte[] Answer(byte opcode, byte[] payload) => Make(opcode, payload, masked: false);

    /// <summary>The payload of a Close.</summary>
    public static byte[] Code(int code, string reason = "") => [(byte)(code >> 8), (byte)code, .. System.Text.Encoding.UTF8.GetBytes(reason)];
}
