using System.Buffers;
using System.Globalization;

namespace FilterProxy.Core.Config.Binding;

/// <summary>Durations: <c>250ms</c>, <c>1.5s</c>, <c>2m</c>, <c>1h30m</c>, <c>1d</c>; <c>0</c> and <c>off</c> for none.</summary>
internal static class DurationText
{
    public const string Expected = "a duration like '250ms'";

    // Longer than anything one waits for, and so far from the end of TimeSpan that sums cannot overflow.
    private const decimal MaxTicks = 36_500m * TimeSpan.TicksPerDay;

    private static readonly SearchValues<char> Digits = SearchValues.Create("0123456789.");

    private static readonly (string Suffix, long Ticks)[] Units =
    [
        ("us", TimeSpan.TicksPerMicrosecond), ("ms", TimeSpan.TicksPerMillisecond), ("s", TimeSpan.TicksPerSecond),
        ("m", TimeSpan.TicksPerMinute), ("h", TimeSpan.TicksPerHour), ("d", TimeSpan.TicksPerDay),
    ];

    public static bool TryParse(string text, out TimeSpan duration, out string error)
    {
        (duration, error) = (default, "");
        if (text is "off" or "0")
        {
            return true;
        }

        var ticks = 0m;
        var rest = text.AsSpan();
        while (!rest.IsEmpty)
        {
            var digits = rest.IndexOfAnyExcept(Digits);
            if (digits < 0)
            {
                error = $"expected {Expected}, got '{text}' (add a unit: '{text}s')";
                return false;
            }

            var letters = rest[digits..].IndexOfAny(Digits);
            var unit = letters < 0 ? rest[digits..] : rest.Slice(digits, letters);
            if (!decimal.TryParse(rest[..digits], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)
                || FindUnit(unit) is not { } factor)
            {
                error = $"expected {Expected}, got '{text}'";
                return false;
            }

            if (number > MaxTicks || (ticks += number * factor) > MaxTicks)
            {
                error = $"'{text}' is too long a time";
                return false;
            }

            rest = letters < 0 ? [] : rest[(digits + letters)..];
        }

        if (text.Length == 0 || (ticks > 0 && ticks < 1))
        {
            error = $"expected {Expected}, got '{text}'";
            return false;
        }

        duration = TimeSpan.FromTicks((long)ticks);
        return true;
    }

    private static long? FindUnit(ReadOnlySpan<char> unit)
    {
        foreach (var (suffix, ticks) in Units)
        {
            if (unit.SequenceEqual(suffix))
            {
                return ticks;
            }
        }

        return null;
    }
}
