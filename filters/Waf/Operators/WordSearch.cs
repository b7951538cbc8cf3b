namespace FilterProxy.Filters.Waf.Operators;

/// <summary>Looks for a text with no letter on either side.</summary>
internal static class WordSearch
{
    public static bool Contains(string text, string word)
    {
        if (word.Length == 0)
        {
            return true;
        }

        for (var at = text.IndexOf(word, StringComparison.Ordinal); at >= 0; at = text.IndexOf(word, at + 1, StringComparison.Ordinal))
        {
            var end = at + word.Length;
            if ((at == 0 || !char.IsAsciiLetter(text[at - 1])) && (end == text.Length || !char.IsAsciiLetter(text[end])))
            {
                return true;
            }
        }

        return false;
    }
}
