namespace FilterProxy.Core.Config.Tree;

/// <summary>
/// A node of a configuration document with its place. Equality is by content: place, quoting and the order of a mapping's keys
/// do not count, so equal options mean the same component.
/// </summary>
internal abstract class ConfigNode(SourceLocation location) : IEquatable<ConfigNode>
{
    /// <summary>Where it begins.</summary>
    public SourceLocation Location { get; } = location;

    /// <summary>What messages call it: <c>a list</c>, <c>a mapping</c>, <c>'text'</c> or <c>nothing</c>.</summary>
    public abstract string Description { get; }

    /// <summary>The number of nodes in it once every alias is followed.</summary>
    public abstract int Size { get; }

    /// <inheritdoc/>
    public abstract bool Equals(ConfigNode? other);

    /// <inheritdoc/>
    public sealed override bool Equals(object? obj) => Equals(obj as ConfigNode);

    /// <inheritdoc/>
    public abstract override int GetHashCode();

    /// <summary>Lays one node over another: mappings merge key by key, anything else replaces what is below it.</summary>
    public static ConfigNode Merge(ConfigNode lower, ConfigNode upper)
    {
        if (lower is not ConfigMapping below || upper is not ConfigMapping above)
        {
            return upper;
        }

        var entries = new List<ConfigEntry>(below.Entries.Count + above.Entries.Count);
        foreach (var entry in below.Entries)
        {
            entries.Add(above.Find(entry.Name) is { } over ? over with { Value = Merge(entry.Value, over.Value) } : entry);
        }

        foreach (var entry in above.Entries)
        {
            if (below.Find(entry.Name) is null)
            {
                entries.Add(entry);
            }
        }

        return new ConfigMapping(above.Location, entries);
    }
}
