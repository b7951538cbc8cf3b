using System.Buffers.Binary;
using System.Text;

namespace FilterProxy.Filters.Lib.Protobuf;

/// <summary>Reads the wire format of Protocol Buffers, field by field.</summary>
internal ref struct WireReader(ReadOnlySpan<byte> data)
{
    private const int DeepestGroup = 32;
    private ReadOnlySpan<byte> _left = data;

    /// <summary>Whether there is nothing more.</summary>
    public readonly bool IsEnd => _left.IsEmpty;

    /// <summary>The next field's number and layout. False at the end.</summary>
    public bool TryReadTag(out int number, out WireType type)
    {
        (number, type) = (0, default);
        if (_left.IsEmpty)
        {
            return false;
        }

        var tag = ReadVarint();
        (number, type) = ((int)(tag >> 3), (WireType)(tag & 7));
        return number > 0 && tag <= uint.MaxValue && type <= WireType.Fixed32 ? true : throw new ProtobufException("a field has no valid tag");
    }

    public ulong ReadVarint()
    {
        ulong value = 0;
        for (var i = 0; i < 10 && i < _left.Length; i++)
        {
            value |= (ulong)(_left[i] & 0x7F) << (7 * i);
            if (_left[i] < 0x80)
            {
                _left = _left[(i + 1)..];
                return value;
            }
        }

        throw new ProtobufException("a number does not end");
    }

    public uint ReadFixed32() => BinaryPrimitives.ReadUInt32LittleEndian(Take(4));

    public ulong ReadFixed64() => BinaryPrimitives.ReadUInt64LittleEndian(Take(8));

    public ReadOnlySpan<byte> ReadBytes()
    {
        var length = ReadVarint();
        return length <= int.MaxValue ? Take((int)length) : throw new ProtobufException("a field is longer than its message");
    }

    public string ReadText() => Encoding.UTF8.GetString(ReadBytes());

    /// <summary>Goes past the field whose tag was read last.</summary>
    public void Skip(int number, WireType type, int depth = 0)
    {
        switch (type)
        {
            case WireType.Varint:
                ReadVarint();
                break;
            case WireType.Fixed64:
                Take(8);
                break;
            case WireType.Length:
                ReadBytes();
                break;
            case WireType.Fixed32:
                Take(4);
                break;
            case WireType.StartGroup when depth < DeepestGroup:
                while (TryReadTag(out var inner, out var innerType))
                {
                    if (innerType == WireType.EndGroup && inner == number)
                    {
                        return;
                    }

                    Skip(inner, innerType, depth + 1);
                }

                throw new ProtobufException("a group does not end");
            default:
                throw new ProtobufException("a group ends that did not begin");
        }
    }

    private ReadOnlySpan<byte> Take(int count)
    {
        if (count > _left.Length)
        {
            throw new ProtobufException("a field is longer than its message");
        }

        var taken = _left[..count];
        _left = _left[count..];
        return taken;
    }
}
