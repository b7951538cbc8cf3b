namespace FilterProxy.Filters.Lib.Protobuf;

/// <summary>A message as its descriptor says.</summary>
internal sealed class MessageType(string name, bool isMapEntry)
{
    private readonly Dictionary<string, FieldType> _byName = [];
    private readonly Dictionary<int, FieldType> _byNumber = [];

    /// <summary>With its package, e.g. <c>pkg.Message</c>.</summary>
    public string Name { get; } = name;

    /// <summary>Whether it is the entry of a map: a key, field 1, and a value, field 2.</summary>
    public bool IsMapEntry { get; } = isMapEntry;

    /// <summary>In the order they were declared.</summary>
    public List<FieldType> Fields { get; } = [];

    public FieldType? Find(int number) => _byNumber.GetValueOrDefault(number);

    /// <summary>By its name in the file, or in JSON.</summary>
    public FieldType? Find(string name) => _byName.GetValueOrDefault(name);

    public void Add(FieldType field)
    {
        Fields.Add(field);
        _byNumber[field.Number] = field;
        _byName[field.Name] = field;
        _byName[field.JsonName] = field;
    }
}
