using System.Globalization;

namespace FilterProxy.Filters.Waf.Patterns;

/// <summary>The escapes of PCRE that stand for one byte.</summary>
internal static class ByteEscape
{
    /// <param name="pattern">The expression.</param>
    /// <param name="at">Behind the backslash; moved behind the escape.</param>
    /// <exception cref="FormatException">It stands for more than a byte.</exception>
    public static int Read(string pattern, ref int at)
    {
        var c = pattern[at++];
        switch (c)
        {
            case 'a':
                return 0x07;
            case 'e':
                return 0x1B;
            case 'f':
                return '\f';
            case 'n':
                return '\n';
            case 'r':
                return '\r';
            case 't':
                return '\t';
            case 'c' when at < pattern.Length:
                return char.ToUpperInvariant(pattern[at++]) ^ 0x40;
            case 'x':
                return ReadHex(pattern, ref at);
            case >= '0' and <= '7':
                at--;
                return ReadOctal(pattern, ref at);
            default:
                return c <= 0xFF ? c : throw new FormatException("a character is no byte");
        }
    }

    private static int ReadHex(string pattern, ref int at)
    {
        if (at < pattern.Length && pattern[at] == '{')
        {
            var close = pattern.IndexOf('}', at);
            if (close > 0 && int.TryParse(pattern.AsSpan((at + 1)..close), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var code))
            {
                at = close + 1;
                return code <= 0xFF ? code : throw new FormatException("'\\x{...}' is more than a byte");
            }
        }

        var value = 0;
        for (var i = 0; i < 2 && at < pattern.Length && char.IsAsciiHexDigit(pattern[at]); i++, at++)
        {
            value = (value << 4) | Convert.ToInt32(pattern[at].ToString(), 16);
        }

        return value;
    }

    private static int ReadOctal(string pattern, ref int at)
    {
        var value = 0;
        for (var i = 0; i < 3 && at < pattern.Length && pattern[at] is >= '0' and <= '7'; i++, at++)
        {
            value = (value << 3) | (pattern[at] - '0');
        }

        return value & 0xFF;
    }
}
