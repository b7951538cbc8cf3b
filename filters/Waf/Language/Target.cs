using System.Text.RegularExpressions;
using FilterProxy.Filters.Waf.Patterns;

namespace FilterProxy.Filters.Waf.Language;

/// <summary>One part of a rule's list of variables: <c>ARGS:id</c>, <c>&amp;TX:/^x/</c>, <c>!REQUEST_COOKIES:token</c>.</summary>
internal sealed class Target
{
    private readonly ByteMatcher? _pattern;

    private Target(Variable variable, string? selector, ByteMatcher? pattern, bool isCount, bool isExclusion)
    {
        Variable = variable;
        Selector = selector;
        _pattern = pattern;
        IsCount = isCount;
        IsExclusion = isExclusion;
    }

    public Variable Variable { get; }

    /// <summary>The name or XPath chosen; null for all.</summary>
    public string? Selector { get; }

    /// <summary>Whether the number of values is looked at instead of the values.</summary>
    public bool IsCount { get; }

    /// <summary>Whether it takes values away.</summary>
    public bool IsExclusion { get; }

    public bool IsPattern => _pattern is not null;

    /// <exception cref="FormatException">It is no list of variables.</exception>
    public static List<Target> ParseList(string text)
    {
        var targets = new List<Target>();
        var at = 0;
        while (at < text.Length)
        {
            if (text[at] is '|' or ',' || char.IsWhiteSpace(text[at]))
            {
                at++;
                continue;
            }

            targets.Add(Parse(text, ref at));
        }

        return targets.Count > 0 ? targets : throw new FormatException("a list of variables is empty");
    }

    /// <summary>Whether the selector chooses a value of this name.</summary>
    public bool Selects(string key) =>
        Selector is null || (_pattern is null ? key.Equals(Selector, StringComparison.OrdinalIgnoreCase) : _pattern.IsMatch(key));

    /// <summary>Whether it takes this value of a variable away.</summary>
    public bool Excludes(Variable variable, string key) => Covers(variable) && Selects(key);

    public override string ToString() =>
        (IsExclusion ? "!" : "") + (IsCount ? "&" : "") + Variables.NameOf(Variable) + (Selector is null ? "" : IsPattern ? $":/{Selector}/" : ":" + Selector);

    // ARGS is made of ARGS_GET and ARGS_POST: what is taken from it is taken from them.
    private bool Covers(Variable variable) => Variable == variable
        || (Variable == Variable.Args && variable is Variable.ArgsGet or Variable.ArgsPost)
        || (Variable == Variable.ArgsNames && variable is Variable.ArgsGetNames or Variable.ArgsPostNames);

    private static Target Parse(string text, ref int at)
    {
        var isExclusion = text[at] == '!';
        at += isExclusion ? 1 : 0;
        var isCount = at < text.Length && text[at] == '&';
        at += isCount ? 1 : 0;
        var start = at;
        while (at < text.Length && text[at] is not ('|' or ',' or ':'))
        {
            at++;
        }

        var name = text[start..at].Trim();
        if (!Variables.TryParse(name, out var variable))
        {
            throw new FormatException($"unknown variable '{name}'");
        }

        if (at == text.Length || text[at] != ':')
        {
            return new Target(variable, null, null, isCount, isExclusion);
        }

        at++;
        if (!Variables.IsCollection(variable))
        {
            throw new FormatException($"{name} is no collection: it takes no selector");
        }

        var selector = ReadSelector(text, ref at, variable, out var isPattern);
        return new Target(variable, selector, isPattern ? ParsePattern(selector) : null, isCount, isExclusion);
    }

    private static string ReadSelector(string text, ref int at, Variable variable, out bool isPattern)
    {
        isPattern = false;
        string selector;
        if (at < text.Length && text[at] == '\'')
        {
            var close = text.IndexOf('\'', at + 1);
            if (close < 0)
            {
                throw new FormatException("a quote in a list of variables is not closed");
            }

            selector = text[(at + 1)..close];
            at = close + 1;
            isPattern = variable != Variable.Xml && selector is ['/', .., '/'] && selector.Length > 1;
            return isPattern ? selector[1..^1] : selector;
        }

        if (variable != Variable.Xml && at < text.Length && text[at] == '/')
        {
            for (var end = at + 1; end < text.Length; end++)
            {
                if (text[end] == '/' && text[end - 1] != '\\' && (end + 1 == text.Length || text[end + 1] is '|' or ','))
                {
                    selector = text[(at + 1)..end];
                    at = end + 1;
                    isPattern = true;
                    return selector;
                }
            }
        }

        var stop = text.AsSpan(at).IndexOfAny('|', ',');
        stop = stop < 0 ? text.Length : at + stop;
        selector = text[at..stop].Trim();
        at = stop;
        return selector.Length > 0 ? selector : throw new FormatException("a selector is empty");
    }

    private static ByteMatcher ParsePattern(string pattern)
    {
        try
        {
            return ByteMatcher.Create(pattern, RegexOptions.IgnoreCase);
        }
        catch (ArgumentException e)
        {
            throw new FormatException($"'{pattern}' is no regular expression: {e.Message}", e);
        }
    }
}
