using System.Buffers;
using System.Globalization;
using System.Text;

namespace FilterProxy;

/// <summary>Operators over time: points formatted as ISO 8601 or by a subset of strftime, always UTC; spans in milliseconds.</summary>
internal static class TemplateTime
{
    // The last second formatted on this thread, which is most likely the next one's too.
    [ThreadStatic]
    private static byte[]? _second;

    [ThreadStatic]
    private static long _secondIs;

    // strftime's letters and what they are in .NET.
    private static readonly Dictionary<char, string> Formats = new()
    {
        ['Y'] = "yyyy", ['y'] = "yy", ['m'] = "MM", ['d'] = "dd", ['H'] = "HH", ['I'] = "hh", ['M'] = "mm", ['S'] = "ss", ['p'] = "tt",
        ['a'] = "ddd", ['A'] = "dddd", ['b'] = "MMM", ['B'] = "MMMM", ['F'] = "yyyy-MM-dd", ['T'] = "HH:mm:ss", ['z'] = "'+0000'", ['Z'] = "'UTC'",
        ['f'] = "ffffff",
    };

    private static readonly Dictionary<string, Func<ExchangeStats, long>> Points = new()
    {
        ["DS_RX_BEG"] = static s => s.Started, ["DS_RX_END"] = static s => s.RequestEnded, ["US_CX_END"] = static s => s.UpstreamConnected,
        ["US_RX_BEG"] = static s => s.ResponseStarted, ["DS_TX_END"] = static s => s.Ended,
    };

    private static readonly Dictionary<string, double> Precisions = new() { ["ms"] = 1e6, ["us"] = 1e3, ["ns"] = 1 };

    // Indexed by the number of digits; a lone "f" would be a standard format, hence the '%'.
    private static readonly string[] Fractions = ["", "%f", "ff", "fff", "ffff", "fffff", "ffffff", "fffffff"];

    public static TemplateValue? Bind(string argument, Func<HttpExchange, DateTimeOffset> point, out string error)
    {
        if (argument.Length == 0)
        {
            error = "";
            return (x, o) => WriteIso8601(point(x), o);
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

    /// <summary><c>COMMON_DURATION(start:end)</c> or <c>(start:end:precision)</c>: between two points of the exchange.</summary>
    public static TemplateValue? BindBetween(string argument, TemplateMask? mask, out string error)
    {
        var parts = argument.Split(':');
        if (parts.Length is not (2 or 3) || !Points.TryGetValue(parts[0], out var from) || !Points.TryGetValue(parts[1], out var to)
            || !Precisions.TryGetValue(parts.Length == 3 ? parts[2] : "ms", out var divisor))
        {
            error = $"'{argument}' is not two of {string.Join(", ", Points.Keys)} with ':' between them, optionally followed by ':ms', ':us' or ':ns'";
            return null;
        }

        error = "";
        return (x, o) => (from(x.Stats), to(x.Stats)) is var (start, end) && start != 0 && end != 0
            && o.WriteNumber((long)(x.Stats.TimeProvider.GetElapsedTime(start, end).TotalNanoseconds / divisor));
    }

    /// <summary>As in <c>2026-01-02T03:04:05.678Z</c>.</summary>
    private static bool WriteIso8601(DateTimeOffset time, IBufferWriter<byte> output)
    {
        const int length = 19;
        var ticks = time.UtcTicks;
        var second = ticks / TimeSpan.TicksPerSecond;
        var cached = _second ??= new byte[length];
        if (_secondIs != second)
        {
            time.UtcDateTime.TryFormat(cached, out _, "yyyy-MM-dd'T'HH:mm:ss", CultureInfo.InvariantCulture);
            _secondIs = second;
        }

        var milliseconds = (int)(ticks % TimeSpan.TicksPerSecond / TimeSpan.TicksPerMillisecond);
        var span = output.GetSpan(length + 5);
        cached.CopyTo(span);
        span[length + 4] = (byte)'Z';
        span[length] = (byte)'.';
        span[length + 1] = (byte)('0' + (milliseconds / 100));
        span[length + 2] = (byte)('0' + (milliseconds / 10 % 10));
        span[length + 3] = (byte)('0' + (milliseconds % 10));
        output.Advance(length + 5);
        return true;
    }

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
