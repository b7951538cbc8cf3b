using System.Buffers;
using System.Globalization;

namespace FilterProxy.Filters.Waf.Operators;

/// <summary>Matches values that hold a byte outside of ranges as <c>9,10,32-126</c>.</summary>
internal sealed class ValidateByteRange : Operator
{
    private readonly SearchValues<char> _allowed;

    /// <exception cref="FormatException">A range is none.</exception>
    public ValidateByteRange(string ranges)
    {
        var allowed = new List<char>();
        foreach (var range in ranges.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            var ends = range.Split('-', StringSplitOptions.TrimEntries);
            if (ends.Length > 2 || !TryRead(ends[0], out var first) || !TryRead(ends[^1], out var last) || first > last)
            {
                throw new FormatException($"'{range}' is no range of bytes like 32-126");
            }

            for (int value = first; value <= last; value++)
            {
                allowed.Add((char)value);
            }
        }

        _allowed = SearchValues.Create(allowed.ToArray());
    }

    public override bool Matches(string text, OperatorRun run) => text.AsSpan().ContainsAnyExcept(_allowed);

    private static bool TryRead(string text, out byte value) => byte.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value);
}
