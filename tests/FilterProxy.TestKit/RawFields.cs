using System.Collections;

namespace FilterProxy.TestKit;

/// <summary>Header or trailer fields in the order they came, names as they were written.</summary>
public sealed class RawFields(IReadOnlyList<KeyValuePair<string, string>> fields) : IReadOnlyList<KeyValuePair<string, string>>
{
    /// <summary>No fields.</summary>
    public static readonly RawFields Empty = new([]);

    /// <inheritdoc/>
    public int Count => fields.Count;

    /// <inheritdoc/>
    public KeyValuePair<string, string> this[int index] => fields[index];

    /// <summary>The only value of a field; null when it is not there. Fails when there are several lines of it.</summary>
    public string? this[string name]
    {
        get
        {
            var values = Values(name);
            return values.Count switch
            {
                0 => null,
                1 => values[0],
                _ => throw new InvalidOperationException($"'{name}' came {values.Count} times: {string.Join(" | ", values)}"),
            };
        }
    }

    /// <summary>All values of a field in order.</summary>
    public IReadOnlyList<string> Values(string name) =>
        [.. fields.Where(f => f.Key.Equals(name, StringComparison.OrdinalIgnoreCase)).Select(f => f.Value)];

    /// <summary>Whether the field is there.</summary>
    public bool Contains(string name) => Values(name).Count > 0;

    /// <inheritdoc/>
    public IEnumerator<KeyValuePair<string, string>> GetEnumerator() => fields.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <inheritdoc/>
    public override string ToString() => string.Join("\n", fields.Select(f => $"{f.Key}: {f.Value}"));
}
