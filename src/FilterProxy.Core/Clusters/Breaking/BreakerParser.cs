using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace FilterProxy.Core.Clusters.Breaking;

/// <summary>Reads a <see cref="BreakerCondition"/>: or, of ands, of comparisons and parentheses.</summary>
internal sealed class BreakerParser(string text)
{
    private const string Names = "error_ratio, network_error_ratio, status_ratio(500-599), latency(0.99), requests";
    private readonly List<StatusRange> _ranges = [];
    private int _at;
    private string _error = "";

    public IReadOnlyList<StatusRange> Ranges => _ranges;

    public bool TryParse([NotNullWhen(true)] out Func<BreakerWindow, bool>? test, out string error)
    {
        test = Any();
        if (test is not null && !AtEnd())
        {
            Fail($"expected '&&', '||' or the end at '{text[_at..]}'");
        }

        error = _error;
        test = _error.Length == 0 ? test : null;
        return test is not null;
    }

    private Func<BreakerWindow, bool>? Any()
    {
        var left = All();
        while (left is not null && Accept("||"))
        {
            var (first, second) = (left, All());
            left = second is null ? null : window => first(window) || second(window);
        }

        return left;
    }

    private Func<BreakerWindow, bool>? All()
    {
        var left = One();
        while (left is not null && Accept("&&"))
        {
            var (first, second) = (left, One());
            left = second is null ? null : window => first(window) && second(window);
        }

        return left;
    }

    private Func<BreakerWindow, bool>? One()
    {
        if (!Accept("("))
        {
            return Comparison();
        }

        var inner = Any();
        return inner is null || Accept(")") ? inner : Fail("a ')' is missing");
    }

    private Func<BreakerWindow, bool>? Comparison()
    {
        if (Measure() is not { } measure)
        {
            return null;
        }

        var sign = Accept(">=") ? ">=" : Accept("<=") ? "<=" : Accept(">") ? ">" : Accept("<") ? "<" : null;
        if (sign is null)
        {
            return Fail("expected '>', '>=', '<' or '<=' after what is measured");
        }

        if (Number() is not { } bound)
        {
            return null;
        }

        return sign switch
        {
            ">=" => window => measure(window) >= bound,
            "<=" => window => measure(window) <= bound,
            ">" => window => measure(window) > bound,
            _ => window => measure(window) < bound,
        };
    }

    private Func<BreakerWindow, double>? Measure()
    {
        var name = Take(static c => char.IsAsciiLetterLower(c) || c == '_');
        switch (name)
        {
            case "requests":
                return static window => window.Requests;
            case "error_ratio":
                return static window => window.ErrorRatio;
            case "network_error_ratio":
                return static window => window.NetworkErrorRatio;
            case "status_ratio" when Argument() is { } statuses:
                if (!StatusRange.TryParse(statuses, out var range, out var error))
                {
                    Fail(error);
                    return null;
                }

                var index = _ranges.Count;
                _ranges.Add(range);
                return window => window.StatusRatio(index);
            case "latency" when Argument() is { } written:
                if (!double.TryParse(written, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var quantile) || quantile is <= 0 or > 1)
                {
                    Fail($"expected a quantile like '0.99', got '{written}'");
                    return null;
                }

                return window => window.Latency(quantile);
            default:
                Fail(_error.Length > 0 ? _error : $"'{(name.Length > 0 ? name : AtEnd() ? "" : text[_at..])}' cannot be measured ({Names})");
                return null;
        }
    }

    private string? Argument()
    {
        if (!Accept("("))
        {
            Fail("an argument in parentheses is missing");
            return null;
        }

        var argument = Take(static c => c != ')').Trim();
        return Accept(")") ? argument : Fail<string>("a ')' is missing");
    }

    // 0.5, 50%, 250ms, 2s, 1m; a time in milliseconds.
    private double? Number()
    {
        var written = Take(static c => char.IsAsciiDigit(c) || c == '.');
        var unit = TakeHere(static c => char.IsAsciiLetter(c) || c == '%');
        double? factor = unit switch { "" => 1, "%" => 0.01, "ms" => 1, "s" => 1000, "m" => 60_000, _ => null };
        if (factor is null || !double.TryParse(written, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number))
        {
            Fail($"expected a number like '0.5', '50%' or '500ms', got '{written}{unit}'");
            return null;
        }

        return number * factor;
    }

    private bool Accept(string token)
    {
        SkipSpace();
        var found = string.CompareOrdinal(text, _at, token, 0, token.Length) == 0;
        _at += found ? token.Length : 0;
        return found;
    }

    private string Take(Predicate<char> of)
    {
        SkipSpace();
        return TakeHere(of);
    }

    private string TakeHere(Predicate<char> of)
    {
        var start = _at;
        while (_at < text.Length && of(text[_at]))
        {
            _at++;
        }

        return text[start.._at];
    }

    private bool AtEnd()
    {
        SkipSpace();
        return _at == text.Length;
    }

    private void SkipSpace()
    {
        while (_at < text.Length && text[_at] == ' ')
        {
            _at++;
        }
    }

    private Func<BreakerWindow, bool>? Fail(string error) => Fail<Func<BreakerWindow, bool>>(error);

    private T? Fail<T>(string error)
        where T : class
    {
        _error = _error.Length > 0 ? _error : error;
        return null;
    }
}
