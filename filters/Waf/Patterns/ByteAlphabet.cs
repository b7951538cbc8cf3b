using System.Globalization;
using System.Text;

namespace FilterProxy.Filters.Waf.Patterns;

/// <summary>
/// How bytes look to .NET's regular expressions: ASCII as itself, the rest as geometric shapes. Those are neither letters, digits nor white space
/// and have no case, so <c>\w</c>, <c>\b</c>, <c>\s</c> and <c>(?i)</c> mean what they mean to PCRE in the C locale.
/// </summary>
internal static class ByteAlphabet
{
    private const int High = 0x2580 - 0x80;

    public static char ToChar(int value) => value < 0x80 ? (char)value : (char)(value + High);

    /// <summary>A Latin-1 text in this alphabet; the text itself where it is ASCII.</summary>
    public static string Map(string text) => Ascii.IsValid(text)
        ? text
        : string.Create(text.Length, text, static (span, source) =>
        {
            for (var i = 0; i < span.Length; i++)
            {
                span[i] = ToChar(source[i]);
            }
        });

    public static void WriteEscaped(StringBuilder output, int value)
    {
        if (value < 0x80 && char.IsAsciiLetterOrDigit((char)value))
        {
            output.Append((char)value);
        }
        else
        {
            output.Append(CultureInfo.InvariantCulture, $"\\u{(int)ToChar(value):X4}");
        }
    }
}
