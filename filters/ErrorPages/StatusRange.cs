using System.Globalization;

namespace FilterProxy.Filters.ErrorPages;

/// <summary>Statuses of errors, written <c>404</c>, <c>5xx</c> or <c>500-504</c>.</summary>
/// <param name="First">The first.</param>
/// <param name="Last">The last.</param>
public readonly record struct StatusRange(int First, int Last)
{
    /// <summary>Reads one, or says what is wrong with it.</summary>
    public static bool TryParse(string text, out StatusRange range, out string error)
    {
        ArgumentNullException.ThrowIfNull(text);
        var ends = text.EndsWith("xx", StringComparison.Ordinal) ? [text[..^2] + "00", text[..^2] + "99"] : text.Split('-');
        var isRange = int.TryParse(ends[0], NumberStyles.None, CultureInfo.InvariantCulture, out var first)
            & int.TryParse(ends[^1], NumberStyles.None, CultureInfo.InvariantCulture, out var last);
        range = new StatusRange(first, last);
        isRange &= ends.Length <= 2 && first is >= 400 and <= 599 && last >= first && last <= 599;
        error = isRange ? "" : $"expected statuses of errors like '404', '5xx' or '500-504', got '{text}'";
        return isRange;
    }

    /// <summary>Reads one.</summary>
    /// <exception cref="FormatException">The text is none.</exception>
    public static StatusRange Parse(string text) => TryParse(text, out var range, out var error) ? range : throw new FormatException(error);

    /// <summary>Whether it holds a status.</summary>
    public bool Contains(int status) => status >= First && status <= Last;

    /// <inheritdoc/>
    public override string ToString() => First == Last
        ? First.ToString(CultureInfo.InvariantCulture)
        : First % 100 == 0 && Last == First + 99 ? $"{First / 100}xx" : string.Create(CultureInfo.InvariantCulture, $"{First}-{Last}");
}
