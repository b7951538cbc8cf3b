namespace FilterProxy.Core.Config.Tree;

/// <summary>A list of nodes.</summary>
internal sealed class ConfigSequence(SourceLocation location, IReadOnlyList<ConfigNode> items) : ConfigNode(location)
{
    /// <summary>In the order written.</summary>
    public IReadOnlyList<ConfigNode> Items { get; } = items;

    public override string Description => "a list";

    public override int Size { get; } = 1 + items.Sum(item => item.Size);

    public override bool Equals(ConfigNode? other) =>
        ReferenceEquals(this, other) || (other is ConfigSequence sequence && Items.SequenceEqual(sequence.Items));

    public override int GetHashCode()
    {
        var hash = default(HashCode);
        foreach (var item in Items)
        {
            hash.Add(item);
        }

        return hash.ToHashCode();
    }
}
