using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace FilterProxy.Filters.Lib.Protobuf;

/// <summary>Writes the wire format of Protocol Buffers.</summary>
internal sealed class WireWriter
{
    private readonly ArrayBufferWriter<byte> _output = new();

    public ReadOnlySpan<byte> Written => _output.WrittenSpan;

    public void Tag(int number, WireType type) => Varint(((ulong)number << 3) | (uint)type);

    public void Varint(ulong value)
    {
        var span = _output.GetSpan(10);
        var at = 0;
        for (; value >= 0x80; value >>= 7)
        {
            span[at++] = (byte)(value | 0x80);
        }

        span[at++] = (byte)value;
        _output.Advance(at);
    }

    public void Fixed32(uint value)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(_output.GetSpan(4), value);
        _output.Advance(4);
    }

    public void Fixed64(ulong value)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(_output.GetSpan(8), value);
        _output.Advance(8);
    }

    public void Bytes(ReadOnlySpan<byte> bytes)
    {
        Varint((ulong)bytes.Length);
        _output.Write(bytes);
    }

    /// <summary>Bytes that are in the format already.</summary>
    public void Raw(ReadOnlySpan<byte> bytes) => _output.Write(bytes);

    public void Text(string text) => Bytes(Encoding.UTF8.GetBytes(text));
}
