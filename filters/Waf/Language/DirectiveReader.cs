using System.Text;

namespace FilterProxy.Filters.Waf.Language;

/// <summary>
/// Splits a rule file into directives as Apache does: a backslash at the end joins lines, quotes hold an argument together, and within them a
/// backslash stands before a quote or another backslash.
/// </summary>
internal static class DirectiveReader
{
    /// <param name="file">Its name, for messages.</param>
    /// <param name="text">Its bytes as Latin-1 text.</param>
    /// <exception cref="SecLangException">A quote is not closed.</exception>
    public static List<Directive> Read(string file, string text)
    {
        var directives = new List<Directive>();
        var joined = new StringBuilder();
        var isOpen = false;
        var number = 0;
        var first = 1;
        foreach (var range in text.AsSpan().Split('\n'))
        {
            number++;
            var line = text.AsSpan(range).TrimEnd('\r');
            if (!isOpen)
            {
                first = number;

                // A comment ends with its line: one that ends in a backslash would otherwise swallow the rule behind it.
                if (line.TrimStart().StartsWith('#'))
                {
                    continue;
                }
            }

            isOpen = line.EndsWith('\\');
            joined.Append(isOpen ? line[..^1] : line);
            if (!isOpen)
            {
                Add(directives, joined.ToString(), file, first);
                joined.Clear();
            }
        }

        Add(directives, joined.ToString(), file, first);
        return directives;
    }

    private static void Add(List<Directive> directives, string line, string file, int number)
    {
        var words = new List<string>();
        var at = 0;
        while (NextWord(line, ref at, file, number) is { } word)
        {
            words.Add(word);
        }

        if (words.Count == 0)
        {
            return;
        }

        if (words[0].StartsWith('<'))
        {
            throw new SecLangException(file, number, $"'{words[0]}' is a section of a web server's configuration, not a rule");
        }

        directives.Add(new Directive(words[0], words[1..], file, number));
    }

    private static string? NextWord(string line, ref int at, string file, int number)
    {
        while (at < line.Length && char.IsWhiteSpace(line[at]))
        {
            at++;
        }

        if (at == line.Length)
        {
            return null;
        }

        var quote = line[at] is '"' or '\'' ? line[at] : '\0';
        if (quote == '\0')
        {
            var start = at;
            while (at < line.Length && !char.IsWhiteSpace(line[at]))
            {
                at++;
            }

            return line[start..at];
        }

        var word = new StringBuilder();
        for (at++; at < line.Length; at++)
        {
            if (line[at] == quote)
            {
                at++;
                return word.ToString();
            }

            if (line[at] == '\\' && at + 1 < line.Length && (line[at + 1] == quote || line[at + 1] == '\\'))
            {
                at++;
            }

            word.Append(line[at]);
        }

        throw new SecLangException(file, number, "a quote is not closed");
    }
}
