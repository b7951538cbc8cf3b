using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.RegularExpressions;

namespace FilterProxy.Core.Routing;

/// <summary>
/// A regular expression over bytes, each taken for the Latin-1 character of its value. Linear in its input whatever the
/// expression: a client must not be able to choose how long a match takes. That rules out look-around and back-references.
/// </summary>
internal sealed class Latin1Regex
{
    private const int OnStack = 512;

    private readonly Regex _regex;

    private Latin1Regex(Regex regex) => _regex = regex;

    public static bool TryParse(string pattern, [NotNullWhen(true)] out Latin1Regex? regex, out string error)
    {
        try
        {
            regex = new Latin1Regex(new Regex(pattern, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant));
            error = "";
            return true;
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException)
        {
            regex = null;
            error = e is NotSupportedException
                ? "look-around, back-references and atomic groups are not supported in a regular expression"
                : e.Message;
            return false;
        }
    }

    [SkipLocalsInit]
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

    /// <summary>All matches replaced; allocates.</summary>
    public string Replace(ReadOnlySpan<byte> text, string replacement) =>
        _regex.Replace(Encoding.Latin1.GetString(text), replacement);

    public override string ToString() => _regex.ToString();
}
