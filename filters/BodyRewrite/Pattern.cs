using System.Text;
using System.Text.RegularExpressions;
using FilterProxy.Filters.Text;

namespace FilterProxy.Filters.BodyRewrite;

/// <summary>A rule, compiled for bodies of one character encoding.</summary>
internal sealed class Pattern
{
    private readonly byte[] _find;
    private readonly byte[] _replacement;
    private readonly string _replacementText;

    /// <exception cref="ArgumentException">The expression is none, or matches nothing at all.</exception>
    public Pattern(SubstitutionRule rule, Encoding encoding)
    {
        _find = rule.Find is { } text ? encoding.GetBytes(text) : [];
        _replacement = encoding.GetBytes(rule.Replace);

        // Expressions see bytes as Latin-1 characters, and so does what replaces them.
        _replacementText = Encoding.Latin1.GetString(_replacement);
        if (rule.Regex is { } pattern)
        {
            Expression = ByteRegex.Parse(pattern);
            if (Expression.IsMatch([]))
            {
                throw new ArgumentException($"'{pattern}' matches the empty text: there would be no end of places to replace");
            }
        }
    }

    /// <summary>The expression; null for a literal.</summary>
    public ByteRegex? Expression { get; }

    /// <summary>Bytes of a literal.</summary>
    public int Length => _find.Length;

    /// <summary>The first match at or behind a position; a length of 0 is none.</summary>
    /// <param name="window">The bytes.</param>
    /// <param name="text">The same as characters; null where no rule is an expression.</param>
    /// <param name="from">The position.</param>
    public Found Find(ReadOnlySpan<byte> window, string? text, int from)
    {
        if (Expression is null)
        {
            var index = window[from..].IndexOf(_find);
            return index < 0 ? Found.Nothing : new Found(from + index, _find.Length, null);
        }

        var match = Expression.Match(text!, from);
        while (match.Success && match.Length == 0)
        {
            match = match.NextMatch();
        }

        return match.Success ? new Found(match.Index, match.Length, match) : Found.Nothing;
    }

    public ReadOnlySpan<byte> Replacement(in Found found) => found.Match is { } match ? Encoding.Latin1.GetBytes(match.Result(_replacementText)) : _replacement;

    /// <summary>A match.</summary>
    /// <param name="Start">Where.</param>
    /// <param name="Length">How long.</param>
    /// <param name="Match">Its groups; null for a literal.</param>
    public readonly record struct Found(int Start, int Length, Match? Match)
    {
        public static readonly Found Nothing = new(int.MaxValue, 0, null);
    }
}
