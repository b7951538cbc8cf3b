namespace FilterProxy.Core.Config.Binding;

/// <summary>Finds the word that was probably meant.</summary>
internal static class DidYouMean
{
    private const int MostListed = 12;
    private const int LongestWord = 64;

    /// <summary>A hint for a word that is none of the known ones: the nearest of them, or all when they are few.</summary>
    public static string? Hint(string word, IReadOnlyCollection<string> known, string listed)
    {
        if (Nearest(word, known) is { } nearest)
        {
            return $"did you mean '{nearest}'?";
        }

        return known.Count is > 0 and <= MostListed ? $"{listed}: {string.Join(", ", known)}" : null;
    }

    /// <summary>The known word at the smallest distance, if that is small for the word's length.</summary>
    public static string? Nearest(string word, IEnumerable<string> known)
    {
        if (word.Length > LongestWord)
        {
            return null;
        }

        string? nearest = null;
        var best = Math.Min(3, Math.Max(1, word.Length / 3)) + 1;
        foreach (var candidate in known)
        {
            // The same words with other separators or letter case are the same to whoever wrote them.
            if (Normalize(candidate) == Normalize(word))
            {
                return candidate;
            }

            var distance = Distance(word, candidate);
            if (distance < best)
            {
                (nearest, best) = (candidate, distance);
            }
        }

        return nearest;
    }

    /// <summary>Optimal string alignment: insertions, deletions, substitutions and swaps of neighbours.</summary>
    public static int Distance(string left, string right)
    {
        var rows = new int[left.Length + 1, right.Length + 1];
        for (var i = 0; i <= left.Length; i++)
        {
            rows[i, 0] = i;
        }

        for (var j = 0; j <= right.Length; j++)
        {
            rows[0, j] = j;
        }

        for (var i = 1; i <= left.Length; i++)
        {
            for (var j = 1; j <= right.Length; j++)
            {
                var cost = left[i - 1] == right[j - 1] ? 0 : 1;
                rows[i, j] = Math.Min(Math.Min(rows[i - 1, j] + 1, rows[i, j - 1] + 1), rows[i - 1, j - 1] + cost);
                if (i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1])
                {
                    rows[i, j] = Math.Min(rows[i, j], rows[i - 2, j - 2] + 1);
                }
            }
        }

        return rows[left.Length, right.Length];
    }

    private static string Normalize(string word) =>
        word.Replace("_", "", StringComparison.Ordinal).Replace("-", "", StringComparison.Ordinal).ToUpperInvariant();
}
