using FilterProxy.Core.Config.Tree;

namespace FilterProxy.Core.Config;

/// <summary>
/// A component as written: <c>name</c>, <c>name: { options }</c>, <c>name/id: { options }</c> for a second instance, or <c>name: off</c>.
/// Equal when name, id and the content of the options are; where it stands does not count.
/// </summary>
internal sealed record ComponentConfig
{
    /// <summary>The component's registered name.</summary>
    public required string Name { get; init; }

    /// <summary>Tells instances of one component apart. Default: none.</summary>
    public string? Id { get; init; }

    /// <summary>Its options, bound once the component's type is known. Default: none.</summary>
    public ConfigNode? Options { get; init; }

    /// <summary>Removes the inherited component of the same key.</summary>
    public bool Off { get; init; }

    /// <summary>Where it is written.</summary>
    public SourceLocation Location { get; init; }

    /// <summary>What it is called among its siblings: <c>name</c> or <c>name/id</c>.</summary>
    public string Key => Id is null ? Name : $"{Name}/{Id}";

    /// <inheritdoc/>
    public bool Equals(ComponentConfig? other) =>
        other is not null && Name == other.Name && Id == other.Id && Off == other.Off && Equals(Options, other.Options);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Name, Id, Off, Options);
}
