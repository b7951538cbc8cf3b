using System.Buffers.Text;
using System.Globalization;
using System.Text;

namespace FilterProxy.Filters.Http;

/// <summary>HTTP dates (RFC 9110 §5.6.7) as seconds since 1970.</summary>
internal static class HttpTime
{
    /// <summary>Bytes of a date as <see cref="Format"/> writes it.</summary>
    public const int Length = 29;

    // RFC 9110 §5.6.7: a year of two digits is not more than about fifty years ahead.
    private static readonly CultureInfo Culture = MakeCulture();
    private static readonly string[] FixDate = ["dd MMM yyyy HH:mm:ss"], Rfc850 = ["dd-MMM-yy HH:mm:ss"], Asctime = ["MMM d HH:mm:ss yyyy", "MMM  d HH:mm:ss yyyy"];

    /// <summary>Reads a date in any of the three formats recipients must accept. The day of the week says nothing new and is not checked.</summary>
    public static bool TryParse(ReadOnlySpan<byte> text, out long seconds)
    {
        if (Utf8Parser.TryParse(text, out DateTimeOffset date, out var used, 'R') && used == text.Length)
        {
            seconds = date.ToUnixTimeSeconds();
            return true;
        }

        seconds = 0;
        if (text.Length is < 24 or > 40)
        {
            return false;
        }

        var (rest, formats) = Split(Encoding.ASCII.GetString(text));
        if (!DateTimeOffset.TryParseExact(rest, formats, Culture, DateTimeStyles.AssumeUniversal, out date))
        {
            return false;
        }

        seconds = date.ToUnixTimeSeconds();
        return true;
    }

    /// <summary>Writes <see cref="Length"/> bytes.</summary>
    public static void Format(long seconds, Span<byte> output) =>
        Utf8Formatter.TryFormat(DateTimeOffset.FromUnixTimeSeconds(seconds), output, out _, 'R');

    private static (string Text, string[] Formats) Split(string text)
    {
        if (!text.EndsWith(" GMT", StringComparison.OrdinalIgnoreCase))
        {
            return text[3] == ' ' ? (text[4..], Asctime) : ("", []);
        }

        var comma = text.IndexOf(", ", StringComparison.Ordinal);
        return comma < 3 ? ("", []) : (text[(comma + 2)..^4], comma == 3 ? FixDate : Rfc850);
    }

    private static CultureInfo MakeCulture()
    {
        var culture = (CultureInfo)CultureInfo.InvariantCulture.Clone();
        culture.DateTimeFormat.Calendar = new GregorianCalendar { TwoDigitYearMax = 2075 };
        return culture;
    }
}
