namespace FilterProxy.Filters.Waf.Transformations;

/// <summary>Reads hexadecimal digits.</summary>
internal static class Hex
{
    public const string Digits = "0123456789abcdef";

    /// <summary>Whether so many digits stand at a place.</summary>
    public static bool Has(ReadOnlySpan<char> text, int at, int count)
    {
        if (at + count > text.Length)
        {
            return false;
        }

        for (var i = 0; i < count; i++)
        {
            if (!char.IsAsciiHexDigit(text[at + i]))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>The number that so many digits stand for, which must be there.</summary>
    public static int Read(ReadOnlySpan<char> text, int at, int count)
    {
        var value = 0;
        for (var i = 0; i < count; i++)
        {
            var c = text[at + i];
            value = (value << 4) | (c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
        }

        return value;
    }
}
