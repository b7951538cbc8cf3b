namespace FilterProxy.Filters.Waf.Language;

/// <summary>A rule as files say it, before it is made ready to run: later directives may still change it.</summary>
internal sealed class RuleDefinition
{
    public required Directive Place { get; init; }

    /// <summary>What it looks at; null for <c>SecAction</c>.</summary>
    public required List<Target>? Targets { get; init; }

    /// <summary>The operator with its argument as written.</summary>
    public required string Operator { get; init; }

    public required List<ActionText> Actions { get; set; }

    /// <summary>The default actions of its phase where it was defined.</summary>
    public required IReadOnlyList<ActionText> Defaults { get; init; }

    /// <summary>The rules behind it in its chain.</summary>
    public List<RuleDefinition> Chain { get; } = [];

    public long Id { get; init; }

    public int Phase { get; init; }

    public bool HasTag(string pattern) => Patterns.ByteMatcher.Create(pattern, System.Text.RegularExpressions.RegexOptions.IgnoreCase) is var matcher
        && Actions.Any(action => action.Name == "tag" && action.Value is { } tag && matcher.IsMatch(tag));

    public bool HasMessage(string pattern) => Patterns.ByteMatcher.Create(pattern, System.Text.RegularExpressions.RegexOptions.IgnoreCase) is var matcher
        && Actions.Any(action => action.Name == "msg" && action.Value is { } message && matcher.IsMatch(message));
}
