namespace FilterProxy;

/// <summary>
/// What one plugin tells another about an exchange: <c>namespace/key → value</c>, e.g. <c>jwt/sub</c> or <c>route/tenant</c>.
/// Costs nothing until the first value is set. Values are strings because templates, logs and scripts read them.
/// </summary>
public sealed class Metadata
{
    private readonly List<(string Namespace, string Key, string Value)> _values = [];

    internal Metadata()
    {
    }

    /// <summary>Number of values.</summary>
    public int Count => _values.Count;

    /// <summary>The value, or null. Setting null removes it.</summary>
    public string? this[string ns, string key]
    {
        get
        {
            foreach (var (n, k, v) in _values)
            {
                if (n == ns && k == key)
                {
                    return v;
                }
            }

            return null;
        }
        set
        {
            for (var i = 0; i < _values.Count; i++)
            {
                if (_values[i].Namespace == ns && _values[i].Key == key)
                {
                    _values.RemoveAt(i);
                    break;
                }
            }

            if (value is not null)
            {
                _values.Add((ns, key, value));
            }
        }
    }

    /// <summary>All values in the order they were set.</summary>
    public IEnumerable<(string Namespace, string Key, string Value)> All => _values;

    internal void Clear() => _values.Clear();
}
