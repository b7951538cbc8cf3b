using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace FilterProxy.Core.Routing;

/// <summary>
/// What a route wants of a header field or query parameter. Values compare byte by byte, text as UTF-8, with case.
/// </summary>
internal sealed class ValueMatcher
{
    private readonly byte[][] _values;
    private readonly Latin1Regex? _regex;

    private ValueMatcher(ValueMatch kind, IEnumerable<string> values, Latin1Regex? regex = null)
    {
        Kind = kind;
        _values = [.. values.Select(Encoding.UTF8.GetBytes)];
        _regex = regex;
    }

    public static ValueMatcher Present { get; } = new(ValueMatch.Present, []);

    public static ValueMatcher Absent { get; } = new(ValueMatch.Absent, []);

    public ValueMatch Kind { get; }

    public static ValueMatcher Exact(string value) => new(ValueMatch.Exact, [value]);

    public static ValueMatcher Prefix(string value) => new(ValueMatch.Prefix, [value]);

    public static ValueMatcher AnyOf(IEnumerable<string> values) => new(ValueMatch.AnyOf, values);

    /// <summary>A search: anchor the expression with ^ and $ to match the whole value.</summary>
    public static bool TryRegex(string pattern, [NotNullWhen(true)] out ValueMatcher? matcher, out string error)
    {
        matcher = Latin1Regex.TryParse(pattern, out var regex, out error) ? new ValueMatcher(ValueMatch.Regex, [], regex) : null;
        return matcher is not null;
    }

    /// <summary>Whether a value that is there satisfies it. <see cref="ValueMatch.Absent"/> is satisfied by none.</summary>
    public bool Matches(ReadOnlySpan<byte> value)
    {
        switch (Kind)
        {
            case ValueMatch.Present:
                return true;
            case ValueMatch.Absent:
                return false;
            case ValueMatch.Prefix:
                return value.StartsWith(_values[0]);
            case ValueMatch.Regex:
                return _regex!.IsMatch(value);
            default:
                foreach (var candidate in _values)
                {
                    if (value.SequenceEqual(candidate))
                    {
                        return true;
                    }
                }

                return false;
        }
    }
}
