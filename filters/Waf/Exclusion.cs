using FilterProxy.Filters.Waf.Engine;
using FilterProxy.Filters.Waf.Language;

namespace FilterProxy.Filters.Waf;

/// <summary>An exclusion with its rules found.</summary>
internal sealed class Exclusion
{
    private readonly string _path;
    private readonly RuleBits _rules;
    private readonly List<Target> _targets;

    /// <exception cref="ArgumentException">It names no rules, or nothing rules look at.</exception>
    public Exclusion(ExclusionOptions options, RuleSet set)
    {
        try
        {
            var selectors = options.Rules.Select(RuleSelector.ById).Concat(options.Tags.Select(RuleSelector.ByTag)).ToArray();
            _path = options.Path;
            _rules = RuleBits.Of(set.All, rule => selectors.Any(selects => selects(rule)));
            _targets = [.. options.Targets.SelectMany(Target.ParseList)];
        }
        catch (FormatException e)
        {
            throw new ArgumentException($"exclude: {e.Message}", e);
        }
    }

    public void Apply(Transaction transaction, ReadOnlySpan<byte> path)
    {
        if (!System.Text.Ascii.Equals(path[..Math.Min(path.Length, _path.Length)], _path))
        {
            return;
        }

        if (_targets.Count == 0)
        {
            transaction.Remove(_rules);
        }
        else
        {
            transaction.Remove(_rules, _targets);
        }
    }
}
