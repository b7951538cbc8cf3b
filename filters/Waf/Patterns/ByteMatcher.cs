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

    // Automata are large and slow to make, and most rules never see a value that has their literals: each is made when it is first needed.
    private readonly Lazy<Regex> _regex;

    private ByteMatcher(Lazy<Regex> regex, PatternNode node)
    {
        _regex = regex;
        Literals = RequiredLiterals.Of(node);
    }

    /// <summary>Texts in lower case one of which is in whatever matches; null where there are none.</summary>
    public IReadOnlyCollection<string>? Literals { get; }

    /// <summary>Whether matching takes a time linear in the text.</summary>
    public bool IsLinear => (_regex.Value.Options & RegexOptions.NonBacktracking) != 0;

    /// <exception cref="ArgumentException">It is no expression, or one that .NET has no equal for.</exception>
    public static ByteMatcher Create(string pattern, RegexOptions options = RegexOptions.None)
    {
        try
        {
            var node = PatternParser.Parse(pattern);
            var writer = new PatternWriter();
            var text = writer.Write(node);
            options |= RegexOptions.Singleline | RegexOptions.CultureInvariant;

            // What is wrong with it is told now.
            var backtracking = new Regex(text, options, Timeout);
            return new ByteMatcher(writer.NeedsBacktracking ? new Lazy<Regex>(backtracking) : new Lazy<Regex>(() => MakeLinear(text, options)), node);
        }
        catch (FormatException e)
        {
            throw new ArgumentException(e.Message, e);
        }
    }

    /// <exception cref="RegexMatchTimeoutException">It took too long.</exception>
    public bool IsMatch(string text) => _regex.Value.IsMatch(ByteAlphabet.Map(text));

    /// <summary>The next match and its groups as ranges; null for none.</summary>
    /// <exception cref="RegexMatchTimeoutException">It took too long.</exception>
    public Match? Find(string text, int from = 0)
    {
        var match = _regex.Value.Match(ByteAlphabet.Map(text), from);
        return match.Success ? match : null;
    }

    public override string ToString() => _regex.Value.ToString();

    private static Regex MakeLinear(string text, RegexOptions options)
    {
        try
        {
            return new Regex(text, options | RegexOptions.NonBacktracking, Timeout);
        }
        catch (NotSupportedException)
        {
            // Its automaton would be too large.
            return new Regex(text, options, Timeout);
        }
    }
}
