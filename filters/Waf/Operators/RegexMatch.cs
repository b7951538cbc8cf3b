using System.Collections.Concurrent;
using System.Text.RegularExpressions;
using FilterProxy.Filters.Waf.Language;
using FilterProxy.Filters.Waf.Patterns;

namespace FilterProxy.Filters.Waf.Operators;

/// <summary>Whether a regular expression matches somewhere in a value.</summary>
internal sealed class RegexMatch : Operator
{
    // Expressions with macros come in as many forms as their macros have values: few, unless a rule puts a client's text into one.
    private const int MaxForms = 64;

    private readonly Macro? _macro;
    private readonly ByteMatcher? _matcher;
    private readonly ConcurrentDictionary<string, ByteMatcher?> _forms = new(StringComparer.Ordinal);

    private RegexMatch(Macro? macro, ByteMatcher? matcher)
    {
        _macro = macro;
        _matcher = matcher;
    }

    public override IReadOnlyCollection<string>? RequiredLiterals => _matcher?.Literals;

    /// <exception cref="ArgumentException">It is no expression.</exception>
    public static RegexMatch Create(string pattern) =>
        Macro.TryParse(pattern) is { IsConstant: false } macro ? new RegexMatch(macro, null) : new RegexMatch(null, ByteMatcher.Create(pattern));

    public override bool Matches(string text, OperatorRun run)
    {
        if ((_matcher ?? Form(_macro!.Expand(run.Lookup))) is not { } matcher)
        {
            return false;
        }

        if (!run.WantsCaptures)
        {
            return matcher.IsMatch(text);
        }

        // Groups cost several passes: first see whether there is anything to take them from.
        if (!matcher.IsMatch(text) || matcher.Find(text) is not { } match)
        {
            return false;
        }

        foreach (Group group in match.Groups)
        {
            run.Capture(group.Success ? text.Substring(group.Index, group.Length) : "");
        }

        return true;
    }

    private ByteMatcher? Form(string pattern)
    {
        if (_forms.TryGetValue(pattern, out var known))
        {
            return known;
        }

        ByteMatcher? matcher;
        try
        {
            matcher = ByteMatcher.Create(pattern);
        }
        catch (ArgumentException)
        {
            // What a macro brought in is no expression.
            matcher = null;
        }

        if (_forms.Count < MaxForms)
        {
            _forms[pattern] = matcher;
        }

        return matcher;
    }
}
