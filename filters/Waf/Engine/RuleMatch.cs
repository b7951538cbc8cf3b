namespace FilterProxy.Filters.Waf.Engine;

/// <summary>A rule that matched, as logs tell of it.</summary>
/// <param name="Rule">The rule a chain begins with.</param>
/// <param name="Last">The rule of the chain that matched last.</param>
/// <param name="Variable">Name of the value.</param>
/// <param name="Text">The value as the rule saw it.</param>
/// <param name="Message">The rule's message.</param>
/// <param name="LogData">What the rule wants logged beside it.</param>
/// <param name="Tags">Its tags.</param>
internal sealed record RuleMatch(Rule Rule, Rule Last, string Variable, string Text, string Message, string LogData, IReadOnlyList<string> Tags);
