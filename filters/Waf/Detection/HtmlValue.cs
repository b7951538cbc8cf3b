namespace FilterProxy.Filters.Waf.Detection;

/// <summary>What a browser makes of an attribute's value: character references decoded, an address's scheme, a style's functions.</summary>
internal static class HtmlValue
{
    private const int LongestScheme = 16;

    private static readonly byte[][] Schemes = Split("javascript vbscript livescript mocha view-source mhtml ms-its feed jar");

    // Pictures, sounds and films that hold no script.
    private static readonly byte[][] Inert = Split("image/png image/jpeg image/jpg image/gif image/webp image/avif image/bmp audio/ video/ font/");

    private static readonly byte[][] StyleWords = Split("expression javascript vbscript behavior behaviour binding @import &#");

    private static readonly byte[][] References = Split("colon; tab; newline; lpar; sol; amp;");

    private static ReadOnlySpan<byte> Referenced => ":\t\n(/&"u8;

    /// <summary>Whether following it runs a script: <c>javascript:</c> and its like, and <c>data:</c> of a type that can hold one.</summary>
    public static bool IsScript(ReadOnlySpan<byte> value)
    {
        Span<byte> scheme = stackalloc byte[LongestScheme];
        var length = 0;
        var at = 0;
        while (at < value.Length)
        {
            var b = Decode(value, ref at);

            // Before the scheme controls and space are stripped, inside of it tabs and line ends (WHATWG URL 4.4), zeros by some.
            if (b is (byte)'\t' or (byte)'\n' or (byte)'\r' or 0 || (length == 0 && b <= ' '))
            {
                continue;
            }

            if (b == ':')
            {
                var name = scheme[..length];
                return name.SequenceEqual("data"u8) ? !IsInert(value[at..]) : IsOneOf(Schemes, name);
            }

            if (length == LongestScheme || b is (byte)'/' or (byte)'?' or (byte)'#')
            {
                return false;
            }

            scheme[length++] = Lower(b);
        }

        return false;
    }

    /// <summary>Whether a style does more than look: expressions, bindings, imports, or escapes and comments that hide them.</summary>
    public static bool IsActiveStyle(ReadOnlySpan<byte> value)
    {
        for (var i = 0; i < value.Length; i++)
        {
            if (!"\\/@&EeJjVvBbUu"u8.Contains(value[i]))
            {
                continue;
            }

            if (value[i] == '\\' || value[i..].StartsWith("/*"u8))
            {
                return true;
            }

            foreach (var word in StyleWords)
            {
                if (StartsWith(value[i..], word))
                {
                    return true;
                }
            }

            if (StartsWith(value[i..], "url("u8) && IsScript(value[(i + 4)..].TrimStart("\"' "u8)))
            {
                return true;
            }
        }

        return false;
    }

    public static bool StartsWith(ReadOnlySpan<byte> text, ReadOnlySpan<byte> lower)
    {
        if (text.Length < lower.Length)
        {
            return false;
        }

        for (var i = 0; i < lower.Length; i++)
        {
            if (Lower(text[i]) != lower[i])
            {
                return false;
            }
        }

        return true;
    }

    private static byte Lower(byte b) => (uint)(b - 'A') <= 'Z' - 'A' ? (byte)(b | 0x20) : b;

    private static bool IsOneOf(byte[][] names, ReadOnlySpan<byte> name)
    {
        foreach (var candidate in names)
        {
            if (name.SequenceEqual(candidate))
            {
                return true;
            }
        }

        return false;
    }

    private static bool IsInert(ReadOnlySpan<byte> content)
    {
        foreach (var type in Inert)
        {
            if (StartsWith(content, type))
            {
                return true;
            }
        }

        return false;
    }

    // &#58; &#x3a &#0000058 &colon; and the bytes themselves; a number beyond a byte is no byte of a scheme.
    private static byte Decode(ReadOnlySpan<byte> value, ref int at)
    {
        var b = value[at++];
        if (b != '&' || at >= value.Length)
        {
            return b;
        }

        if (value[at] != '#')
        {
            for (var i = 0; i < References.Length; i++)
            {
                if (StartsWith(value[at..], References[i]))
                {
                    at += References[i].Length;
                    return Referenced[i];
                }
            }

            return b;
        }

        var digits = at + 1;
        var isHex = digits < value.Length && (value[digits] | 0x20) == 'x';
        digits += isHex ? 1 : 0;
        var end = digits;
        var number = 0;
        while (end < value.Length && Digit(value[end], isHex) is >= 0 and var digit)
        {
            number = Math.Min((number * (isHex ? 16 : 10)) + digit, 0x110000);
            end++;
        }

        if (end == digits)
        {
            return b;
        }

        at = end < value.Length && value[end] == ';' ? end + 1 : end;
        return number <= 0xFF ? (byte)number : (byte)0xFF;
    }

    private static byte[][] Split(string words) => [.. words.Split(' ').Select(System.Text.Encoding.ASCII.GetBytes)];

    private static int Digit(byte b, bool isHex) =>
        SqlText.IsDigit(b) ? b - '0' : isHex && (uint)((b | 0x20) - 'a') <= 5 ? (b | 0x20) - 'a' + 10 : -1;
}
