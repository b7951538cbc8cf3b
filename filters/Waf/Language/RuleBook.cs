namespace FilterProxy.Filters.Waf.Language;

/// <summary>All that rule files say, in order: rules, markers, settings.</summary>
internal sealed class RuleBook
{
    /// <summary>Rules, and names of markers between them.</summary>
    public List<(RuleDefinition? Rule, string? Marker)> Items { get; } = [];

    public RuleSettings Settings { get; } = new();

    public IEnumerable<RuleDefinition> Rules => Items.Where(item => item.Rule is not null).Select(item => item.Rule!);

    public void Remove(Predicate<RuleDefinition> predicate) => Items.RemoveAll(item => item.Rule is { } rule && predicate(rule));
}
