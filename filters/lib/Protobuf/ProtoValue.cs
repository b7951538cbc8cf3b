namespace FilterProxy.Filters.Lib.Protobuf;

/// <summary>One value off the wire: a number, or bytes.</summary>
internal readonly record struct ProtoValue(ulong Number, byte[] Bytes)
{
    public static ProtoValue Read(ref WireReader reader, WireType type) => type switch
    {
        WireType.Varint => new ProtoValue(reader.ReadVarint(), []),
        WireType.Fixed32 => new ProtoValue(reader.ReadFixed32(), []),
        WireType.Fixed64 => new ProtoValue(reader.ReadFixed64(), []),
        WireType.Length => new ProtoValue(0, reader.ReadBytes().ToArray()),
        _ => throw new ProtobufException("a group has no JSON"),
    };
}
