namespace FilterProxy.Filters.Headers;

/// <summary>Edits of one head. <see cref="Remove"/> comes first, then <see cref="Set"/>, then <see cref="Append"/>.</summary>
public sealed record HeaderEditOptions
{
    /// <summary>Fields to set, replacing all values they had. A value that is not there removes the field.</summary>
    public IReadOnlyDictionary<string, Template> Set { get; init; } = new Dictionary<string, Template>();

    /// <summary>Field lines to add, keeping those of the same name. A value that is not there adds nothing.</summary>
    public IReadOnlyDictionary<string, Template> Append { get; init; } = new Dictionary<string, Template>();

    /// <summary>Fields to remove.</summary>
    public IReadOnlyList<string> Remove { get; init; } = [];
}
