using System.Buffers;
using System.Text;
using System.Text.RegularExpressions;

namespace FilterProxy.Filters.Text;

/// <summary>
/// A regular expression over bytes, each taken for the Latin-1 character of its value. Linear in its input whatever the expression: a client
/// must not be able to choose how long a match takes. That rules out look-around and back-references.
/// </summary>
internal sealed class ByteRegex
{
    private const int OnStack = 512;

    private readonly Regex _regex;

    private ByteRegex(Regex regex) => _regex = regex;

    /// <param name="pattern">The expression.</param>
    /// <param name="ignoreCase">Whether ASCII case does not count.</param>
    /// <param name="whole">Whether it must match the whole text.</param>
    /// <exception cref="ArgumentException">It is none, or one that cannot be matched in linear time.</exception>
    public static ByteRegex Parse(string pattern, bool ignoreCase = false, bool whole = false)
    {
        if (pattern.Any(c => c > 0xFF))
        {
            throw new ArgumentException($"'{pattern}': a regular expression sees bytes here; write other characters percent-encoded or as \\xHH");
        }

        try
        {
            var options = RegexOptions.NonBacktracking | RegexOptions.CultureInvariant | (ignoreCase ? RegexOptions.IgnoreCase : RegexOptions.None);

            // Not '$', which also matches before a line feed at the end.
            return new ByteRegex(new Regex(whole ? $@"\A(?:{pattern})\z" : pattern, options));
        }
        catch (NotSupportedException)
        {
            throw new ArgumentException($"'{pattern}': look-around, back-references and atomic groups are not supported in a regular expression");
        }
        catch (ArgumentException e)
        {
            throw new ArgumentException($"'{pattern}' is no regular expression: {e.Message}", e);
        }
    }

    public bool IsMatch(ReadOnlySpan<byte> text)
    {
        var rented = text.Length > OnStack ? ArrayPool<char>.Shared.Rent(text.Length) : null;
        var chars = rented is null ? stackalloc char[OnStack] : rented;
        var count = Encoding.Latin1.GetChars(text, chars);
        var isMatch = _regex.IsMatch(chars[..count]);
        if (rented is not null)
        {
            ArrayPool<char>.Shared.Return(rented);
        }

        return isMatch;
    }

    /// <summary>All matches replaced, <c>$1</c> standing for the first group; allocates.</summary>
    public string Replace(ReadOnlySpan<byte> text, string replacement) => _regex.Replace(Encoding.Latin1.GetString(text), replacement);

    /// <summary>The first match in a text whose characters are bytes, at or behind a position; allocates.</summary>
    public Match Match(string text, int from) => _regex.Match(text, from);

    public override string ToString() => _regex.ToString();
}
