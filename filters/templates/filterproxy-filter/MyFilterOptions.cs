namespace FilterProxy.Filters.MyFilter;

/// <summary>Options of <see cref="MyFilterFilter"/>. Every property is one; in YAML its name is in snake case.</summary>
public sealed record MyFilterOptions
{
    /// <summary>The header that is sent upstream.</summary>
    public string Header { get; init; } = "x-my-filter";

    /// <summary>What it says.</summary>
    public string Value { get; init; } = "hello";
}
