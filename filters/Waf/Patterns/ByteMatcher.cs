using System.Text.RegularExpressions;

namespace FilterProxy.Filters.Waf.Patterns;

/// <summary>
/// A regular expression of PCRE's kind over bytes, given as Latin-1 texts. It is matched by backtracking, which is fast for what is usually sent; where
/// that takes too long once, it is matched in linear time from then on, if it has nothing that only backtracking can match.
/// </summary>
internal sealed class ByteMatcher
{
    /// <summary>Beyond this an expression that only backtracking can match is given up with a <see cref="RegexMatchTimeoutException"/>.</summary>
    public static readonly TimeSpan Timeout = TimeSpan.FromMilliseconds(250);

    // Before the linear matcher takes over.
    private static readonly TimeSpan FirstTry = TimeSpan.FromMilliseconds(50);

    // Its automaton is made as it is used, on the time of the first values.
    private static readonly TimeSpan LinearTimeout = TimeSpan.FromSeconds(2);

    private readonly Regex _backtracking;
    private readonly Lazy<Regex?>? _linear;
    private volatile bool _isSlow;

    private ByteMatcher(Regex backtracking, Lazy<Regex?>? linear, PatternNode node)
    {
        _backtracking = backtracking;
        _linear = linear;
        Literals = RequiredLiterals.Of(node);
    }

    /// <summary>Texts in lower case one of which is in whatever matches; null where there are none.</summary>
    public IReadOnlyCollection<string>? Literals { get; }

    /// <summary>Whether it can be matched in a time linear in the text.</summary>
    public bool IsLinear => _linear?.Value is not null;

    /// <exception cref="ArgumentException">It is no expression, or one that .NET has no equal for.</exception>
    public static ByteMatcher Create(string pattern, RegexOptions options = RegexOptions.None)
    {
        try
        {
            var node = PatternParser.Parse(pattern);
            var writer = new PatternWriter();
            var text = writer.Write(node);
            options |= RegexOptions.Singleline | RegexOptions.CultureInvariant;

            return new ByteMatcher(
                new Regex(text, options, writer.NeedsBacktracking ? Timeout : FirstTry),
                writer.NeedsBacktracking ? null : new Lazy<Regex?>(() => MakeLinear(text, options)),
                node);
        }
        catch (FormatException e)
        {
            throw new ArgumentException(e.Message, e);
        }
    }

    /// <exception cref="RegexMatchTimeoutException">It took too long.</exception>
    public bool IsMatch(string text)
    {
        text = ByteAlphabet.Map(text);
        if (!_isSlow)
        {
            try
            {
                return _backtracking.IsMatch(text);
            }
            catch (RegexMatchTimeoutException) when (IsLinear)
            {
                _isSlow = true;
            }
        }

        return _linear!.Value!.IsMatch(text);
    }

    /// <summary>The next match and its groups as ranges; null for none.</summary>
    /// <exception cref="RegexMatchTimeoutException">It took too long.</exception>
    public Match? Find(string text, int from = 0)
    {
        text = ByteAlphabet.Map(text);
        Match? match = null;
        if (!_isSlow)
        {
            try
            {
                match = _backtracking.Match(text, from);
            }
            catch (RegexMatchTimeoutException) when (IsLinear)
            {
                _isSlow = true;
            }
        }

        match ??= _linear!.Value!.Match(text, from);
        return match.Success ? match : null;
    }

    public override string ToString() => _backtracking.ToString();

    private static Regex? MakeLinear(string text, RegexOptions options)
    {
        try
        {
            return new Regex(text, options | RegexOptions.NonBacktracking, LinearTimeout);
        }
        catch (NotSupportedException)
        {
            // Its automaton would be too large.
            return null;
        }
    }
}
