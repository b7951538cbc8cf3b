namespace FilterProxy.Core.Config.Binding;

/// <summary>A list that is equal to another with equal items, so that configuration records compare by content.</summary>
internal sealed class ConfigList<T> : List<T>
{
    public override bool Equals(object? obj) => obj is ConfigList<T> other && this.SequenceEqual(other);

    public override int GetHashCode()
    {
        var hash = default(HashCode);
        foreach (var item in this)
        {
            hash.Add(item);
        }

        return hash.ToHashCode();
    }
}
