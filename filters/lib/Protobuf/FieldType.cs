namespace FilterProxy.Filters.Lib.Protobuf;

/// <summary>A field of a message.</summary>
internal sealed class FieldType
{
    public required int Number { get; init; }

    public required string Name { get; init; }

    public required string JsonName { get; init; }

    public required FieldKind Kind { get; init; }

    public required bool IsRepeated { get; init; }

    /// <summary>Whether several numbers of it stand in one field on the wire.</summary>
    public required bool IsPacked { get; init; }

    /// <summary>Name of the message or enum; empty for others.</summary>
    public required string TypeName { get; init; }

    /// <summary>Whether it says itself if it is there (<c>optional</c>, oneof, messages): then its default is not made up.</summary>
    public required bool HasPresence { get; init; }

    /// <summary>The message it holds.</summary>
    public MessageType? Message { get; set; }

    /// <summary>The enum it holds.</summary>
    public EnumType? Enum { get; set; }

    public bool IsMap => IsRepeated && Message is { IsMapEntry: true };

    /// <summary>How one value of it lies on the wire.</summary>
    public WireType WireType => Kind switch
    {
        FieldKind.Double or FieldKind.Fixed64 or FieldKind.SFixed64 => WireType.Fixed64,
        FieldKind.Float or FieldKind.Fixed32 or FieldKind.SFixed32 => WireType.Fixed32,
        FieldKind.String or FieldKind.Bytes or FieldKind.Message => WireType.Length,
        FieldKind.Group => WireType.StartGroup,
        _ => WireType.Varint,
    };
}
