using System.Text.RegularExpressions;

namespace FilterProxy.Filters.Waf.Patterns;

/// <summary>
/// A regular expression of PCRE's kind over bytes, given as Latin-1 texts. Linear in the text where the expression allows it; else it is given up
/// after <see cref="Timeout"/>.
/// </summary>
internal sealed class ByteMatcher
{
    /// <summary>Beyond this a match is given up with a <see cref="RegexMatchTimeoutException"/>.</summary>
    public static readonly TimeSpan Timeout = TimeSpan.FromMilliseconds(250);

    private readonly Regex _regex;

    private ByteMatcher(Regex regex, PatternNode node, bool isLinear)
    {
        _regex = regex;
        Literals = RequiredLiterals.Of(node);
        IsLinear = isLinear;
    }

    /// <summary>Texts in lower case one of which is in whatever matches; null where there are none.</summary>
    public IReadOnlyCollection<string>? Literals { get; }

    /// <summary>Whether matching takes a time linear in the text.</summary>
    public bool IsLinear { get; }

    /// <exception cref="ArgumentException">It is no expression, or one that .NET has no equal for.</exception>
    public static ByteMatcher Create(string pattern, RegexOptions options = RegexOptions.None)
    {
        try
        {
            var node = PatternParser.Parse(pattern);
            var writer = new PatternWriter();
            var text = writer.Write(node);
            options |= RegexOptions.Singleline | RegexOptions.CultureInvariant;
            if (!writer.NeedsBacktracking)
            {
                try
                {
                    return new ByteMatcher(new Regex(text, options | RegexOptions.NonBacktracking, Timeout), node, isLinear: true);
                }
                catch (NotSupportedException)
                {
                    // Its automaton would be too large.
                }
            }

            return new ByteMatcher(new Regex(text, options, Timeout), node, isLinear: false);
        }
        catch (FormatException e)
        {
            throw new ArgumentException(e.Message, e);
        }
    }

    /// <exception cref="RegexMatchTimeoutException">It took too long.</exception>
    public bool IsMatch(string text) => _regex.IsMatch(ByteAlphabet.Map(text));

    /// <summary>The next match and its groups as ranges; null for none.</summary>
    /// <exception cref="RegexMatchTimeoutException">It took too long.</exception>
    public Match? Find(string text, int from = 0)
    {
        var match = _regex.Match(ByteAlphabet.Map(text), from);
        return match.Success ? match : null;
    }

    public override string ToString() => _regex.ToString();
}
