namespace FilterProxy.Filters.Waf.Operators;

/// <summary>Reads the number a text begins with, as C's <c>atoi</c> does.</summary>
internal static class Number
{
    public static long Parse(ReadOnlySpan<char> text)
    {
        text = text.TrimStart(" \t\r\n\v\f");
        var isNegative = text.Length > 0 && text[0] == '-';
        if (text.Length > 0 && text[0] is '-' or '+')
        {
            text = text[1..];
        }

        var value = 0L;
        foreach (var c in text)
        {
            if (!char.IsAsciiDigit(c))
            {
                break;
            }

            // Far beyond anything counted here, and far from an overflow.
            value = value > long.MaxValue / 100 ? value : (value * 10) + (c - '0');
        }

        return isNegative ? -value : value;
    }
}
