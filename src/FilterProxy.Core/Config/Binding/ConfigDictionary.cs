namespace FilterProxy.Core.Config.Binding;

/// <summary>A dictionary that is equal to another with equal entries, so that configuration records compare by content.</summary>
internal sealed class ConfigDictionary<TKey, TValue> : Dictionary<TKey, TValue>
    where TKey : notnull
{
    public override bool Equals(object? obj) =>
        obj is ConfigDictionary<TKey, TValue> other
        && other.Count == Count
        && this.All(entry => other.TryGetValue(entry.Key, out var twin) && EqualityComparer<TValue>.Default.Equals(entry.Value, twin));

    public override int GetHashCode()
    {
        // A sum, because order does not count.
        var hash = Count;
        foreach (var (key, value) in this)
        {
            hash = unchecked(hash + HashCode.Combine(key, value));
        }

        return hash;
    }
}
