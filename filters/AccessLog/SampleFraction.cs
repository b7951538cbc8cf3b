using System.Globalization;

namespace FilterProxy.Filters.AccessLog;

/// <summary>A part of all exchanges, written <c>10%</c> or <c>0.1</c>.</summary>
/// <param name="Value">From 0 to 1.</param>
public readonly record struct SampleFraction(double Value)
{
    /// <summary>All of them.</summary>
    public static SampleFraction All { get; } = new(1);

    /// <summary>Reads a fraction, or says what is wrong with it.</summary>
    public static bool TryParse(string text, out SampleFraction fraction, out string error)
    {
        ArgumentNullException.ThrowIfNull(text);
        fraction = default;
        var percent = text.EndsWith('%');
        if (!double.TryParse(text.AsSpan().TrimEnd('%'), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)
            || !double.IsFinite(number) || text.AsSpan().Count('%') > 1)
        {
            error = $"expected a fraction like '10%' or '0.1', got '{text}'";
            return false;
        }

        if (number > (percent ? 100 : 1))
        {
            error = $"'{text}' is more than all exchanges" + (percent || number > 100 ? "" : $" (did you mean '{text}%'?)");
            return false;
        }

        fraction = new SampleFraction(percent ? number / 100 : number);
        error = "";
        return true;
    }

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Value * 100:0.####}%");
}
