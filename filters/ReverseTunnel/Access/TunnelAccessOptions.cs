namespace FilterProxy.Filters.ReverseTunnel.Access;

/// <summary>Which agents may register what. Who fits no rule may nothing.</summary>
public sealed record TunnelAccessOptions
{
    /// <summary>Rules in order: the first that is about an agent decides.</summary>
    public IReadOnlyList<TunnelAccessRuleOptions> Rules { get; init; } = [];

    /// <summary>A JSON file with more rules, `{ "rules": [ … ] }`, which come after those above. A change of the file is taken over.</summary>
    public string? RulesFile { get; init; }
}
