namespace FilterProxy.Filters.Lib.Protobuf;

/// <summary>
/// What <c>protoc --descriptor_set_out --include_imports</c> writes: the messages and methods of .proto files. Read with the same wire
/// reader as everything else, descriptor.proto being a message like any other.
/// </summary>
internal sealed class DescriptorSet
{
    private const int HttpExtension = 72295728;
    private readonly Dictionary<string, MessageType> _messages = [];
    private readonly Dictionary<string, EnumType> _enums = [];

    /// <summary>All methods of all services.</summary>
    public List<MethodType> Methods { get; } = [];

    public MessageType? Find(string name) => _messages.GetValueOrDefault(name);

    /// <exception cref="ProtobufException">It is no descriptor set, or one without its imports.</exception>
    public static DescriptorSet Parse(byte[] bytes)
    {
        var set = new DescriptorSet();
        var services = new List<(string Package, byte[] Service)>();
        var reader = new WireReader(bytes);
        while (reader.TryReadTag(out var number, out var type))
        {
            if (number == 1 && type == WireType.Length)
            {
                set.ReadFile(reader.ReadBytes(), services);
            }
            else
            {
                throw new ProtobufException("not a descriptor set (protoc --descriptor_set_out --include_imports)");
            }
        }

        set.Link();
        foreach (var (package, service) in services)
        {
            set.ReadService(package, service);
        }

        return set;
    }

    private void ReadFile(ReadOnlySpan<byte> file, List<(string, byte[])> services)
    {
        string package = "", syntax = "";
        var types = new List<(bool IsEnum, byte[] Bytes)>();
        var own = new List<byte[]>();
        var reader = new WireReader(file);
        while (reader.TryReadTag(out var number, out var type))
        {
            switch (number)
            {
                case 2:
                    package = reader.ReadText();
                    break;
                case 4 or 5:
                    types.Add((number == 5, reader.ReadBytes().ToArray()));
                    break;
                case 6:
                    own.Add(reader.ReadBytes().ToArray());
                    break;
                case 12:
                    syntax = reader.ReadText();
                    break;
                default:
                    reader.Skip(number, type);
                    break;
            }
        }

        var prefix = package.Length == 0 ? "" : package + ".";
        foreach (var (isEnum, bytes) in types)
        {
            if (isEnum)
            {
                ReadEnum(prefix, bytes);
            }
            else
            {
                ReadMessage(prefix, bytes, syntax is "proto3" or "editions");
            }
        }

        services.AddRange(own.Select(service => (prefix, service)));
    }

    private void ReadMessage(string prefix, ReadOnlySpan<byte> bytes, bool packs)
    {
        var name = "";
        var isMapEntry = false;
        var fields = new List<FieldType>();
        var nested = new List<(bool IsEnum, byte[] Bytes)>();
        var reader = new WireReader(bytes);
        while (reader.TryReadTag(out var number, out var type))
        {
            switch (number)
            {
                case 1:
                    name = reader.ReadText();
                    break;
                case 2:
                    fields.Add(ReadField(reader.ReadBytes(), packs));
                    break;
                case 3 or 4:
                    nested.Add((number == 4, reader.ReadBytes().ToArray()));
                    break;
                case 7:
                    isMapEntry = FlagOf(reader.ReadBytes(), 7);
                    break;
                default:
                    reader.Skip(number, type);
                    break;
            }
        }

        var message = new MessageType(prefix + name, isMapEntry);
        fields.ForEach(message.Add);
        _messages[message.Name] = message;
        foreach (var (isEnum, inner) in nested)
        {
            if (isEnum)
            {
                ReadEnum(message.Name + ".", inner);
            }
            else
            {
                ReadMessage(message.Name + ".", inner, packs);
            }
        }
    }

    private static FieldType ReadField(ReadOnlySpan<byte> bytes, bool packs)
    {
        string name = "", typeName = "", jsonName = "";
        int id = 0, label = 0, kind = 0;
        bool? packed = null;
        var hasPresence = false;
        var reader = new WireReader(bytes);
        while (reader.TryReadTag(out var number, out var type))
        {
            switch (number)
            {
                case 1:
                    name = reader.ReadText();
                    break;
                case 3:
                    id = (int)reader.ReadVarint();
                    break;
                case 4:
                    label = (int)reader.ReadVarint();
                    break;
                case 5:
                    kind = (int)reader.ReadVarint();
                    break;
                case 6:
                    typeName = reader.ReadText().TrimStart('.');
                    break;
                case 8:
                    packed = TryFlag(reader.ReadBytes(), 2);
                    break;
                case 9:
                    // In a oneof, which proto3's optional is too.
                    reader.ReadVarint();
                    hasPresence = true;
                    break;
                case 10:
                    jsonName = reader.ReadText();
                    break;
                default:
                    reader.Skip(number, type);
                    break;
            }
        }

        var repeated = label == 3;
        var fieldKind = (FieldKind)kind;
        return new FieldType
        {
            Number = id,
            Name = name,
            JsonName = jsonName.Length > 0 ? jsonName : name,
            Kind = fieldKind,
            IsRepeated = repeated,
            IsPacked = repeated && fieldKind is not (FieldKind.String or FieldKind.Bytes or FieldKind.Message or FieldKind.Group) && (packed ?? packs),
            TypeName = typeName,
            HasPresence = hasPresence || !packs || fieldKind is FieldKind.Message or FieldKind.Group,
        };
    }

    private void ReadEnum(string prefix, ReadOnlySpan<byte> bytes)
    {
        var name = "";
        var made = new EnumType();
        var reader = new WireReader(bytes);
        while (reader.TryReadTag(out var number, out var type))
        {
            switch (number)
            {
                case 1:
                    name = reader.ReadText();
                    break;
                case 2:
                    AddValue(made, reader.ReadBytes());
                    break;
                default:
                    reader.Skip(number, type);
                    break;
            }
        }

        _enums[prefix + name] = made;
    }

    private static void AddValue(EnumType to, ReadOnlySpan<byte> bytes)
    {
        var name = "";
        var value = 0;
        var reader = new WireReader(bytes);
        while (reader.TryReadTag(out var number, out var type))
        {
            switch (number)
            {
                case 1:
                    name = reader.ReadText();
                    break;
                case 2:
                    value = (int)reader.ReadVarint();
                    break;
                default:
                    reader.Skip(number, type);
                    break;
            }
        }

        to.Add(name, value);
    }

    private void Link()
    {
        foreach (var field in _messages.Values.SelectMany(message => message.Fields))
        {
            field.Message = field.Kind is FieldKind.Message or FieldKind.Group ? MessageOf(field.TypeName) : null;
            field.Enum = field.Kind != FieldKind.Enum ? null
                : _enums.GetValueOrDefault(field.TypeName) ?? throw new ProtobufException($"there is no enum {field.TypeName} (--include_imports)");
        }
    }

    private MessageType MessageOf(string name) =>
        _messages.GetValueOrDefault(name.TrimStart('.')) ?? throw new ProtobufException($"there is no message {name} (--include_imports)");

    private void ReadService(string prefix, ReadOnlySpan<byte> bytes)
    {
        var name = "";
        var methods = new List<byte[]>();
        var reader = new WireReader(bytes);
        while (reader.TryReadTag(out var number, out var type))
        {
            switch (number)
            {
                case 1:
                    name = reader.ReadText();
                    break;
                case 2:
                    methods.Add(reader.ReadBytes().ToArray());
                    break;
                default:
                    reader.Skip(number, type);
                    break;
            }
        }

        Methods.AddRange(methods.Select(method => ReadMethod(prefix + name, method)));
    }

    private MethodType ReadMethod(string service, ReadOnlySpan<byte> bytes)
    {
        string name = "", input = "", output = "";
        bool clientStreams = false, serverStreams = false;
        List<HttpRule> rules = [];
        var reader = new WireReader(bytes);
        while (reader.TryReadTag(out var number, out var type))
        {
            switch (number)
            {
                case 1:
                    name = reader.ReadText();
                    break;
                case 2:
                    input = reader.ReadText();
                    break;
                case 3:
                    output = reader.ReadText();
                    break;
                case 4:
                    rules = RulesOf(reader.ReadBytes());
                    break;
                case 5:
                    clientStreams = reader.ReadVarint() != 0;
                    break;
                case 6:
                    serverStreams = reader.ReadVarint() != 0;
                    break;
                default:
                    reader.Skip(number, type);
                    break;
            }
        }

        return new MethodType($"/{service}/{name}", service, MessageOf(input), MessageOf(output), clientStreams, serverStreams, rules);
    }

    private static List<HttpRule> RulesOf(ReadOnlySpan<byte> options)
    {
        var rules = new List<HttpRule>();
        var reader = new WireReader(options);
        while (reader.TryReadTag(out var number, out var type))
        {
            if (number == HttpExtension && type == WireType.Length)
            {
                HttpRules.Read(reader.ReadBytes(), rules);
            }
            else
            {
                reader.Skip(number, type);
            }
        }

        return rules;
    }

    private static bool FlagOf(ReadOnlySpan<byte> options, int which) => TryFlag(options, which) == true;

    private static bool? TryFlag(ReadOnlySpan<byte> options, int which)
    {
        bool? flag = null;
        var reader = new WireReader(options);
        while (reader.TryReadTag(out var number, out var type))
        {
            if (number == which && type == WireType.Varint)
            {
                flag = reader.ReadVarint() != 0;
            }
            else
            {
                reader.Skip(number, type);
            }
        }

        return flag;
    }
}
