namespace FilterProxy.Filters.Waf.Language;

/// <summary>One directive of a rule file, continued lines joined and quotes removed.</summary>
/// <param name="Name">As it was written.</param>
/// <param name="Arguments">What follows, each without its quotes.</param>
/// <param name="File">Where it stands.</param>
/// <param name="Line">The line it begins on, from 1.</param>
internal sealed record Directive(string Name, IReadOnlyList<string> Arguments, string File, int Line)
{
    public SecLangException Error(string problem, Exception? inner = null) => new(File, Line, problem, inner);

    /// <summary>The only argument.</summary>
    public string Single() => Arguments.Count == 1 ? Arguments[0] : throw Error($"{Name} takes one argument");
}
