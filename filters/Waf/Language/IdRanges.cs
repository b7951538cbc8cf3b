using System.Globalization;

namespace FilterProxy.Filters.Waf.Language;

/// <summary>Numbers of rules: <c>942100 942200-942299</c>.</summary>
internal sealed class IdRanges
{
    private readonly List<(long First, long Last)> _ranges = [];

    /// <exception cref="FormatException">One is none.</exception>
    public static IdRanges Parse(IEnumerable<string> texts)
    {
        var ranges = new IdRanges();
        foreach (var text in texts.SelectMany(text => text.Split([' ', ','], StringSplitOptions.RemoveEmptyEntries)))
        {
            var ends = text.Split('-');
            if (ends.Length > 2
                || !long.TryParse(ends[0], NumberStyles.None, CultureInfo.InvariantCulture, out var first)
                || !long.TryParse(ends[^1], NumberStyles.None, CultureInfo.InvariantCulture, out var last)
                || first > last)
            {
                throw new FormatException($"'{text}' is no number of a rule, nor a range of them like 942100-942199");
            }

            ranges._ranges.Add((first, last));
        }

        return ranges;
    }

    public bool Has(long id)
    {
        foreach (var (first, last) in _ranges)
        {
            if (id >= first && id <= last)
            {
                return true;
            }
        }

        return false;
    }
}
