using System.Text;

namespace FilterProxy.Filters.Waf.Language;

/// <summary>One action of a list as it was written: <c>setvar:'tx.a=1'</c>.</summary>
/// <param name="Name">Its name in lower case.</param>
/// <param name="Value">What stands behind the colon, without quotes; null for none.</param>
internal readonly record struct ActionText(string Name, string? Value)
{
    /// <exception cref="FormatException">It is no list of actions.</exception>
    public static List<ActionText> ParseList(string text)
    {
        var actions = new List<ActionText>();
        var at = 0;
        while (true)
        {
            Skip(text, ref at, " \t\r\n,");
            if (at == text.Length)
            {
                return actions;
            }

            var start = at;
            while (at < text.Length && text[at] is not (':' or ',') && !char.IsWhiteSpace(text[at]))
            {
                at++;
            }

            var name = text[start..at].ToLowerInvariant();
            Skip(text, ref at, " \t\r\n");
            if (at < text.Length && text[at] == ':')
            {
                at++;
                Skip(text, ref at, " \t\r\n");
                actions.Add(new ActionText(name, ReadValue(text, ref at)));
            }
            else
            {
                actions.Add(new ActionText(name, null));
            }

            Skip(text, ref at, " \t\r\n");
            if (at < text.Length && text[at] != ',')
            {
                throw new FormatException($"a comma is missing behind action '{name}'");
            }
        }
    }

    private static string ReadValue(string text, ref int at)
    {
        if (at < text.Length && text[at] == '\'')
        {
            var value = new StringBuilder();
            for (at++; at < text.Length; at++)
            {
                if (text[at] == '\'')
                {
                    at++;
                    return value.ToString();
                }

                if (text[at] == '\\' && at + 1 < text.Length && text[at + 1] == '\'')
                {
                    at++;
                }

                value.Append(text[at]);
            }

            throw new FormatException("a quote in the list of actions is not closed");
        }

        var end = text.IndexOf(',', at);
        end = end < 0 ? text.Length : end;
        var plain = text[at..end].TrimEnd();
        at = end;
        return plain;
    }

    private static void Skip(string text, ref int at, string what)
    {
        while (at < text.Length && what.Contains(text[at], StringComparison.Ordinal))
        {
            at++;
        }
    }
}
