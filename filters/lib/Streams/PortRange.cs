using System.Globalization;

namespace FilterProxy.Filters.Streams;

/// <summary>A port, or those from one to another, written <c>22</c> or <c>6000-6010</c>.</summary>
/// <param name="First">The lowest.</param>
/// <param name="Last">The highest.</param>
public readonly record struct PortRange(int First, int Last)
{
    /// <summary>Reads one, or says what is wrong with it.</summary>
    public static bool TryParse(string text, out PortRange range, out string error)
    {
        ArgumentNullException.ThrowIfNull(text);
        range = default;
        var parts = text.Split('-');
        if (parts.Length > 2 || !TryPort(parts[0], out var first) || !TryPort(parts[^1], out var last) || last < first)
        {
            error = $"expected a port like '22' or ports like '6000-6010', got '{text}'";
            return false;
        }

        (range, error) = (new PortRange(first, last), "");
        return true;
    }

    /// <summary>Whether a port is one of them.</summary>
    public bool Contains(int port) => port >= First && port <= Last;

    /// <inheritdoc/>
    public override string ToString() => First == Last ? $"{First}" : $"{First}-{Last}";

    private static bool TryPort(string text, out int port) =>
        int.TryParse(text.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out port) && port is > 0 and <= ushort.MaxValue;
}
