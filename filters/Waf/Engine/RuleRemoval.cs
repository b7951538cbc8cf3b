using FilterProxy.Filters.Waf.Language;

namespace FilterProxy.Filters.Waf.Engine;

/// <summary>Takes rules, or what some of them look at, out of the rest of one exchange.</summary>
/// <param name="rules">Which rules.</param>
/// <param name="targets">What they shall not look at; null for the whole rules.</param>
internal sealed class RuleRemoval(Predicate<Rule> rules, IReadOnlyList<Target>? targets) : RuleAction
{
    private RuleBits? _bits;

    /// <summary>Finds the rules once; an exchange that uses it costs no search.</summary>
    public void Bind(IReadOnlyList<Rule> all) => _bits = RuleBits.Of(all, rules);

    public override void Run(Transaction transaction)
    {
        if (targets is null)
        {
            transaction.Remove(_bits!);
        }
        else
        {
            transaction.Remove(_bits!, targets);
        }
    }
}
