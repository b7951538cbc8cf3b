namespace FilterProxy.Filters.Waf.Language;

/// <summary>A rule file that cannot be used: says in which file, on which line and why.</summary>
internal sealed class SecLangException(string file, int line, string problem, Exception? inner = null)
    : ArgumentException($"{file}:{line}: {problem}", inner)
{
    public string File { get; } = file;

    public int Line { get; } = line;
}
