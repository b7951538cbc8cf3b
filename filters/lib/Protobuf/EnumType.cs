namespace FilterProxy.Filters.Lib.Protobuf;

/// <summary>An enum.</summary>
internal sealed class EnumType
{
    private readonly Dictionary<string, int> _byName = [];
    private readonly Dictionary<int, string> _byNumber = [];

    public void Add(string name, int number)
    {
        _byName[name] = number;
        _byNumber.TryAdd(number, name);
    }

    public string? NameOf(int number) => _byNumber.GetValueOrDefault(number);

    public int? NumberOf(string name) => _byName.TryGetValue(name, out var number) ? number : null;
}
