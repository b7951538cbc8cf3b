namespace FilterProxy.Filters.Lib.Protobuf;

/// <summary>How a field's bytes are laid out.</summary>
internal enum WireType
{
    Varint = 0,
    Fixed64 = 1,
    Length = 2,
    StartGroup = 3,
    EndGroup = 4,
    Fixed32 = 5,
}
