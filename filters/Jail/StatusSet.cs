using System.Globalization;

namespace FilterProxy.Filters.Jail;

/// <summary>Some statuses, as one bit each.</summary>
internal sealed class StatusSet
{
    private readonly bool[] _has = new bool[600];

    public StatusSet(IEnumerable<string> texts)
    {
        foreach (var text in texts)
        {
            if (TryParse(text, out var range))
            {
                _has.AsSpan(range).Fill(true);
            }
        }
    }

    public bool Contains(int status) => (uint)status < (uint)_has.Length && _has[status];

    public static bool TryParse(string text, out Range range)
    {
        range = default;
        if (text.Length == 3 && text[0] is >= '1' and <= '5' && text.EndsWith("xx", StringComparison.Ordinal))
        {
            range = ((text[0] - '0') * 100)..(((text[0] - '0') * 100) + 100);
            return true;
        }

        var parts = text.Split('-');
        if (parts.Length > 2 || !int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var first)
            || !int.TryParse(parts[^1], NumberStyles.None, CultureInfo.InvariantCulture, out var last) || first < 100 || last > 599 || first > last)
        {
            return false;
        }

        range = first..(last + 1);
        return true;
    }
}
