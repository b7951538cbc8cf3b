using FilterProxy.Core.Config.Tree;

namespace FilterProxy.Core.Config.Binding;

/// <summary>
/// Where bound records and their properties are written, and which of them could not be bound. Equal to any other: where something
/// stands is no part of what it says, and configurations are compared by what they say.
/// </summary>
internal sealed class BindingPlaces
{
    private readonly Dictionary<object, ConfigNode> _nodes = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<object, HashSet<string>> _failed = new(ReferenceEqualityComparer.Instance);

    public void Record(object bound, ConfigNode node) => _nodes[bound] = node;

    public void RecordFailure(object owner, string property)
    {
        if (!_failed.TryGetValue(owner, out var properties))
        {
            _failed.Add(owner, properties = []);
        }

        properties.Add(property);
    }

    /// <summary>Whether a property was bound, or left at its default. Checks skip those that were not.</summary>
    public bool IsBound(object owner, string property) =>
        !_failed.TryGetValue(owner, out var properties) || !properties.Contains(property);

    /// <summary>The node a property was bound from; null when it was left at its default.</summary>
    public ConfigNode? NodeOf(object owner, string property)
    {
        var key = ObjectPlan.Of(owner.GetType())?.Properties.FirstOrDefault(candidate => candidate.Name == property)?.Key;
        return key is not null && _nodes.GetValueOrDefault(owner) is ConfigMapping mapping ? mapping.Find(key)?.Value : null;
    }

    /// <summary>The place of a property's value; of the record itself when the property was not written.</summary>
    public SourceLocation Locate(object owner, string property) => NodeOf(owner, property)?.Location ?? Locate(owner);

    /// <summary>The place of a record.</summary>
    public SourceLocation Locate(object owner) => _nodes.GetValueOrDefault(owner)?.Location ?? default;

    /// <summary>The place of one item of a property that holds a list or is a dictionary.</summary>
    public SourceLocation LocateItem(object owner, string property, int index) =>
        NodeOf(owner, property) switch
        {
            ConfigSequence sequence when index < sequence.Items.Count => sequence.Items[index].Location,
            ConfigMapping mapping when index < mapping.Entries.Count => mapping.Entries[index].Location,
            { } node => node.Location,
            null => Locate(owner),
        };

    public override bool Equals(object? obj) => obj is BindingPlaces;

    public override int GetHashCode() => 0;
}
