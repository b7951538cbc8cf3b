using FilterProxy.Filters.Waf.Language;
using FilterProxy.Filters.Waf.Operators;

namespace FilterProxy.Filters.Waf.Engine;

/// <summary>One rule as it runs: what it looks at, what it asks, and what follows from a match.</summary>
internal sealed class Rule
{
    public required string File { get; init; }

    public required int Line { get; init; }

    /// <summary>The number of the rule a chain begins with.</summary>
    public required long Id { get; init; }

    /// <summary>Its place among the rules of the set.</summary>
    public int Index { get; set; }

    public required int Phase { get; init; }

    /// <summary>What it looks at; empty for an action without conditions.</summary>
    public required Target[] Targets { get; init; }

    /// <summary>What is taken away from that.</summary>
    public required Target[] Exclusions { get; init; }

    public required Operator Operator { get; init; }

    public required bool IsNegated { get; init; }

    /// <summary>The operator as it was written.</summary>
    public required string OperatorText { get; init; }

    /// <summary>The list of transformations.</summary>
    public required int Form { get; init; }

    /// <summary>Every list on the way to <see cref="Form"/> where each is asked for (<c>multiMatch</c>); else null.</summary>
    public required int[]? MultiForms { get; init; }

    public required bool Captures { get; init; }

    /// <summary>The next of its chain.</summary>
    public Rule? Next { get; set; }

    public required RuleAction[] Actions { get; init; }

    public required Disruption Disruption { get; init; }

    public required int Status { get; init; }

    /// <summary>Where <see cref="Disruption.Redirect"/> sends the client.</summary>
    public required Macro? Location { get; init; }

    public required bool Logs { get; init; }

    public required bool AuditLogs { get; init; }

    public required Macro? Message { get; init; }

    public required Macro? LogData { get; init; }

    public required IReadOnlyList<Macro> Tags { get; init; }

    /// <summary>0 (emergency) to 7 (debug); -1 for none.</summary>
    public required int Severity { get; init; }

    public required string Version { get; init; }

    public required string Revision { get; init; }

    /// <summary>How many rules behind it are not asked after a match.</summary>
    public required int Skip { get; init; }

    /// <summary>The place in its phase where it goes on after a match; -1 for the next.</summary>
    public int SkipTo { get; set; } = -1;

    /// <summary>Whether a rule of the chain it begins asks block lists.</summary>
    public bool AsksBlockLists { get; set; }

    /// <summary>The owner of its literals in the search over all rules; -1 where it has none.</summary>
    public int LiteralOwner { get; set; } = -1;

    public bool HasTag(string tag) => Tags.Any(own => own.Text.Equals(tag, StringComparison.OrdinalIgnoreCase));

    public override string ToString() => $"{Id} ({File}:{Line})";
}
