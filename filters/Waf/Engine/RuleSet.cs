using FilterProxy.Filters.Waf.Collections;
using FilterProxy.Filters.Waf.Language;
using FilterProxy.Filters.Waf.Patterns;

namespace FilterProxy.Filters.Waf.Engine;

/// <summary>Rules ready to run; made once and shared by all routes that use the same files.</summary>
internal sealed class RuleSet
{
    public const int Phases = 5;

    public required RuleSettings Settings { get; init; }

    /// <summary>The rules chains begin with, by phase (1 to 5) in order.</summary>
    public required Rule[][] ByPhase { get; init; }

    /// <summary>All of them, by <see cref="Rule.Index"/>.</summary>
    public required Rule[] All { get; init; }

    public required FormTable Forms { get; init; }

    /// <summary>Finds the literals of all rules in one pass.</summary>
    public required LiteralSearch Literals { get; init; }

    /// <summary>How many rules have literals.</summary>
    public required int LiteralOwners { get; init; }
}
