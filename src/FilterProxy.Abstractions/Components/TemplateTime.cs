using System.Buffers;
using System.Text;

namespace FilterProxy;

/// <summary>Operators over time: points formatted as ISO 8601 or by a subset of strftime, always UTC; spans in milliseconds.</summary>
internal static class TemplateTime
{
    private const string Iso8601 = "yyyy-MM-dd'T'HH:mm:ss.fff'Z'";

    // strftime's letters and what they are in .NET.
    private static readonly Dictionary<char, string> Formats = new()
    {
        ['Y'] = "yyyy", ['y'] = "yy", ['m'] = "MM", ['d'] = "dd", ['H'] = "HH", ['I'] = "hh", ['M'] = "mm", ['S'] = "ss", ['p'] = "tt",
        ['a'] = "ddd", ['A'] = "dddd", ['b'] = "MMM", ['B'] = "MMMM", ['F'] = "yyyy-MM-dd", ['T'] = "HH:mm:ss", ['z'] = "'+0000'", ['Z'] = "'UTC'",
        ['f'] = "ffffff",
    };

    // Indexed by the number of digits; a lone "f" would be a standard format, hence the '%'.
    private static readonly string[] Fractions = ["", "%f", "ff", "fff", "ffff", "fffff", "ffffff", "fffffff"];

    public static TemplateValue? Bind(string argument, Func<HttpExchange, DateTimeOffset> point, out string error)
    {
        if (argument.Length == 0)
        {
            error = "";
            return (x, o) => o.WriteTime(point(x), Iso8601);
        }

        if (ParseFormat(argument, out error) is not { } parts)
        {
            return null;
        }

        return (x, o) =>
        {
            var time = point(x);
            foreach (var part in parts)
            {
                part(time, o);
            }

            return true;
        };
    }

    public static bool WriteBetween(HttpExchange exchange, long from, long to, IBufferWriter<byte> output) =>
        from != 0 && to != 0 && output.WriteNumber((long)exchange.Stats.TimeProvider.GetElapsedTime(from, to).TotalMilliseconds);

    private static Action<DateTimeOffset, IBufferWriter<byte>>[]? ParseFormat(string text, out string error)
    {
        var parts = new List<Action<DateTimeOffset, IBufferWriter<byte>>>();
        var at = 0;
        while (at < text.Length)
        {
            var percent = text.IndexOf('%', at);
            var literal = Encoding.UTF8.GetBytes(text[at..(percent < 0 ? text.Length : percent)]);
            parts.Add((_, o) => o.Write(literal));
            if (percent < 0)
            {
                break;
            }

            // A digit before 'f' is the number of fractional digits.
            at = percent + 1;
            var digits = at < text.Length && char.IsAsciiDigit(text[at]) ? text[at++] - '0' : 0;
            var letter = at < text.Length ? text[at++] : '\0';
            if (Specifier(letter, digits) is not { } part)
            {
                error = $"unknown time specifier '{text[percent..at]}'";
                return null;
            }

            parts.Add(part);
        }

        error = "";
        return [.. parts];
    }

    private static Action<DateTimeOffset, IBufferWriter<byte>>? Specifier(char letter, int digits)
    {
        if (digits > 0)
        {
            if (letter != 'f' || digits >= Fractions.Length)
            {
                return null;
            }

            var fraction = Fractions[digits];
            return (time, o) => o.WriteTime(time, fraction);
        }

        switch (letter)
        {
            case '%':
                return static (_, o) => o.Write("%"u8);
            case 's':
                return static (time, o) => o.WriteNumber(time.ToUnixTimeSeconds());
            case 'e':
                return static (time, o) => o.WritePadded(time.Day);
            case 'j':
                return static (time, o) => o.WriteNumber(time.DayOfYear, "D3");
            default:
                return Formats.TryGetValue(letter, out var format) ? (time, o) => o.WriteTime(time, format) : null;
        }
    }

    private static void WritePadded(this IBufferWriter<byte> output, int day)
    {
        output.Write(day < 10 ? " "u8 : default);
        output.WriteNumber(day);
    }
}
