using FilterProxy.Filters.Waf.Patterns;

namespace FilterProxy.Filters.Waf.Operators;

/// <summary>Whether something an expression finds is a number of a kind, by its check digits.</summary>
internal sealed class VerifyNumber(string pattern, Func<ReadOnlySpan<char>, bool> isValid) : Operator
{
    private const int MaxDigits = 24;

    private readonly ByteMatcher _matcher = ByteMatcher.Create(pattern);

    public override IReadOnlyCollection<string>? RequiredLiterals => _matcher.Literals;

    public override bool Matches(string text, OperatorRun run)
    {
        var from = 0;
        while (from <= text.Length && _matcher.Find(text, from) is { } match)
        {
            if (IsValid(text.AsSpan(match.Index, match.Length)))
            {
                run.Capture(text.Substring(match.Index, match.Length));
                return true;
            }

            from = match.Index + 1;
        }

        return false;
    }

    private bool IsValid(ReadOnlySpan<char> text)
    {
        Span<char> digits = stackalloc char[MaxDigits];
        var count = 0;
        foreach (var c in text)
        {
            // The check character of a Chilean number may be a K.
            if (char.IsAsciiDigit(c) || (c is 'k' or 'K' && count > 0))
            {
                if (count == MaxDigits)
                {
                    return false;
                }

                digits[count++] = c;
            }
        }

        return isValid(digits[..count]);
    }
}
