using System.Globalization;
using System.Text;

namespace FilterProxy.Filters.Waf.Operators;

/// <summary>Reads the phrases of <c>@pm</c>: words, in which <c>|0A 0D|</c> stands for bytes.</summary>
internal static class PhraseList
{
    /// <exception cref="FormatException">Bytes are none.</exception>
    public static IReadOnlyList<string> Parse(string text)
    {
        if (!text.Contains('|', StringComparison.Ordinal))
        {
            return text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        }

        var phrases = new List<string>();
        var phrase = new StringBuilder();
        for (var at = 0; at < text.Length; at++)
        {
            if (text[at] == '|' && text.IndexOf('|', at + 1) is > 0 and var close && TryReadBytes(text[(at + 1)..close], phrase))
            {
                at = close;
            }
            else if (text[at] == ' ')
            {
                Finish();
            }
            else
            {
                phrase.Append(text[at]);
            }
        }

        Finish();
        return phrases;

        void Finish()
        {
            if (phrase.Length > 0)
            {
                phrases.Add(phrase.ToString());
                phrase.Clear();
            }
        }
    }

    private static bool TryReadBytes(string digits, StringBuilder phrase)
    {
        var bytes = digits.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (bytes.Length == 0 || !Array.TrueForAll(bytes, value => value.Length == 2 && char.IsAsciiHexDigit(value[0]) && char.IsAsciiHexDigit(value[1])))
        {
            return false;
        }

        foreach (var value in bytes)
        {
            phrase.Append((char)byte.Parse(value, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture));
        }

        return true;
    }
}
