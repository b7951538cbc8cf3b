using System.Text.RegularExpressions;

namespace FilterProxy.Filters.Waf.Patterns;

/// <summary>
/// A regular expression of PCRE's kind over bytes, given as Latin-1 texts. It is matched by backtracking, which is fast for what is usually sent; where
/// that takes too long once, texts of that length are matched in linear time from then on, if it has nothing that only backtracking can match.
/// Expressions that are asked again and again are compiled in the background: all of a rule set's would take seconds, and most hardly ever run.
/// </summary>
internal sealed class ByteMatcher
{
    /// <summary>Beyond this an expression that only backtracking can match is given up with a <see cref="RegexMatchTimeoutException"/>.</summary>
    public static readonly TimeSpan Timeout = TimeSpan.FromMilliseconds(250);

    // Before the linear matcher takes over.
    private static readonly TimeSpan FirstTry = TimeSpan.FromMilliseconds(50);

    // Its automaton is made as it is used, on the time of the first values.
    private static readonly TimeSpan LinearTimeout = TimeSpan.FromSeconds(2);

    private const int RunsBeforeCompiled = 500;

    private readonly Lazy<Regex?>? _linear;
    private readonly string? _plain;
    private readonly StringComparison _comparison;
    private volatile Regex _backtracking;
    private volatile int _slowLength = int.MaxValue;
    private int _runs;

    private ByteMatcher(Regex backtracking, Lazy<Regex?>? linear, PatternNode node)
    {
        _backtracking = backtracking;
        _linear = linear;
        _plain = PlainText(node);
        _comparison = (backtracking.Options & RegexOptions.IgnoreCase) == 0 ? StringComparison.Ordinal : StringComparison.OrdinalIgnoreCase;
        Literals = RequiredLiterals.Of(node);
    }

    /// <summary>Texts in lower case one of which is in whatever matches; null where there are none.</summary>
    public IReadOnlyCollection<string>? Literals { get; }

    /// <summary>Whether it was asked so often that there is code for it.</summary>
    public bool IsCompiled => (_backtracking.Options & RegexOptions.Compiled) != 0;

    /// <summary>Whether it can be matched in a time linear in the text.</summary>
    public bool IsLinear => _linear?.Value is not null;

    /// <exception cref="ArgumentException">It is no expression, or one that .NET has no equal for.</exception>
    public static ByteMatcher Create(string pattern, RegexOptions options = RegexOptions.None)
    {
        try
        {
            var node = PatternParser.Parse(pattern);
            var text = PatternWriter.Write(node, isRelaxed: false, out _);
            options |= RegexOptions.Singleline | RegexOptions.CultureInvariant;

            // What a relaxed expression finds and the strict one would not is a match, too: rather that than no answer.
            var relaxed = PatternWriter.Write(node, isRelaxed: true, out var needsBacktracking);
            return new ByteMatcher(
                new Regex(text, options, needsBacktracking ? Timeout : FirstTry),
                needsBacktracking ? null : new Lazy<Regex?>(() => MakeLinear(relaxed, options)),
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
        if (_plain is not null)
        {
            return text.Contains(_plain, _comparison);
        }

        text = ByteAlphabet.Map(text);
        NoteRun();
        if (text.Length < _slowLength)
        {
            try
            {
                return _backtracking.IsMatch(text);
            }
            catch (RegexMatchTimeoutException) when (IsLinear)
            {
                _slowLength = text.Length;
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
        if (text.Length < _slowLength)
        {
            try
            {
                match = _backtracking.Match(text, from);
            }
            catch (RegexMatchTimeoutException) when (IsLinear)
            {
                _slowLength = text.Length;
            }
        }

        match ??= _linear!.Value!.Match(text, from);
        return match.Success ? match : null;
    }

    /// <summary>Makes code of it, which takes some milliseconds.</summary>
    public void Compile() =>
        _backtracking = new Regex(_backtracking.ToString(), _backtracking.Options | RegexOptions.Compiled, _backtracking.MatchTimeout);

    public override string ToString() => _backtracking.ToString();

    // ASCII letters alone have another case in either way of comparing.
    private static string? PlainText(PatternNode node)
    {
        var items = node is PatternNode.Sequence sequence ? sequence.Items : [node];
        return items.Count > 0 && items.All(item => item is PatternNode.Literal { Value: < 0x80 })
            ? string.Concat(items.Select(item => (char)((PatternNode.Literal)item).Value))
            : null;
    }

    private void NoteRun()
    {
        // Threads may overtake each other here: at worst it is compiled twice.
        if (_runs < RunsBeforeCompiled && ++_runs == RunsBeforeCompiled)
        {
            HotExpressions.Add(this);
        }
    }

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
