namespace FilterProxy.Filters.Waf.Collections;

/// <summary>A collection rules write to: one value for a name, case aside.</summary>
internal sealed class ValueMap
{
    private readonly Dictionary<string, Value> _values = new(StringComparer.OrdinalIgnoreCase);

    public int Count => _values.Count;

    public IEnumerable<Value> All => _values.Values;

    public Value? Find(string key) => _values.GetValueOrDefault(key);

    public string? this[string key]
    {
        get => _values.TryGetValue(key, out var value) ? value.Text : null;
        set
        {
            if (value is null)
            {
                _values.Remove(key);
            }
            else
            {
                _values[key] = new Value(key, value);
            }
        }
    }
}
