using System.Text.RegularExpressions;
using FilterProxy.Filters.Waf.Language;
using FilterProxy.Filters.Waf.Patterns;

namespace FilterProxy.Filters.Waf.Engine;

/// <summary>Chooses rules by number, tag or message, as <c>ctl</c> and exclusions do.</summary>
internal static class RuleSelector
{
    /// <exception cref="FormatException">The numbers are none.</exception>
    public static Predicate<Rule> ById(string ids)
    {
        var ranges = IdRanges.Parse([ids]);
        return rule => ranges.Has(rule.Id);
    }

    /// <exception cref="ArgumentException">It is no expression.</exception>
    public static Predicate<Rule> ByTag(string pattern)
    {
        var matcher = ByteMatcher.Create(pattern, RegexOptions.IgnoreCase);
        return rule => rule.Tags.Any(tag => matcher.IsMatch(tag.Text));
    }

    /// <exception cref="ArgumentException">It is no expression.</exception>
    public static Predicate<Rule> ByMessage(string pattern)
    {
        var matcher = ByteMatcher.Create(pattern, RegexOptions.IgnoreCase);
        return rule => rule.Message is { } message && matcher.IsMatch(message.Text);
    }
}
