using System.Globalization;

namespace FilterProxy.Core.Clusters;

/// <summary>Statuses from one to another, written <c>503</c> or <c>500-599</c>.</summary>
/// <param name="First">The lowest.</param>
/// <param name="Last">The highest.</param>
internal readonly record struct StatusRange(int First, int Last)
{
    public bool Contains(int status) => status >= First && status <= Last;

    /// <summary>Reads one, or says what is wrong with it.</summary>
    public static bool TryParse(string text, out StatusRange range, out string error)
    {
        var dash = text.IndexOf('-', StringComparison.Ordinal);
        var (first, last) = dash < 0 ? (text, text) : (text[..dash], text[(dash + 1)..]);
        var parsed = int.TryParse(first, NumberStyles.None, CultureInfo.InvariantCulture, out var low)
            & int.TryParse(last, NumberStyles.None, CultureInfo.InvariantCulture, out var high)
            && low is >= 100 and <= 599 && high is >= 100 and <= 599 && low <= high;
        range = new StatusRange(low, high);
        error = parsed ? "" : $"expected a status like '503' or a range like '500-599', got '{text}'";
        return parsed;
    }

    public override string ToString() => First == Last ? $"{First}" : $"{First}-{Last}";
}
