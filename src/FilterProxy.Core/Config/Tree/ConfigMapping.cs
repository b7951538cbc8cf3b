using System.Collections.Frozen;

namespace FilterProxy.Core.Config.Tree;

/// <summary>Keys and values. Keys are unique.</summary>
internal sealed class ConfigMapping : ConfigNode
{
    private readonly FrozenDictionary<string, ConfigEntry> _byName;

    public ConfigMapping(SourceLocation location, IReadOnlyList<ConfigEntry> entries)
        : base(location)
    {
        Entries = entries;
        _byName = entries.ToFrozenDictionary(entry => entry.Name, StringComparer.Ordinal);
        Size = 1 + entries.Sum(entry => entry.Value.Size);
    }

    /// <summary>In the order written.</summary>
    public IReadOnlyList<ConfigEntry> Entries { get; }

    public override string Description => "a mapping";

    public override int Size { get; }

    /// <summary>The entry with this key, or null.</summary>
    public ConfigEntry? Find(string name) => _byName.GetValueOrDefault(name);

    /// <summary>A mapping with another value in an entry's place, or with one more entry.</summary>
    public ConfigMapping With(string name, ConfigNode value) =>
        new(Location, Find(name) is null
            ? [.. Entries, new ConfigEntry(name, value.Location, value)]
            : [.. Entries.Select(entry => entry.Name == name ? entry with { Value = value } : entry)]);

    public override bool Equals(ConfigNode? other)
    {
        if (ReferenceEquals(this, other))
        {
            return true;
        }

        return other is ConfigMapping mapping
            && mapping.Entries.Count == Entries.Count
            && Entries.All(entry => mapping.Find(entry.Name) is { } twin && entry.Value.Equals(twin.Value));
    }

    public override int GetHashCode()
    {
        // A sum, because the order of keys does not count.
        var hash = Entries.Count;
        foreach (var entry in Entries)
        {
            hash = unchecked(hash + HashCode.Combine(entry.Name, entry.Value));
        }

        return hash;
    }
}
