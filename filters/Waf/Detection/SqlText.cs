namespace FilterProxy.Filters.Waf.Detection;

/// <summary>How the bytes of SQL fall into classes, and what tells prose from it.</summary>
internal static class SqlText
{
    public static bool IsLetter(byte b) => (uint)((b | 0x20) - 'a') <= 'z' - 'a';

    public static bool IsDigit(byte b) => (uint)(b - '0') <= 9;

    /// <summary>
    /// Space as at least one database reads it: the controls, space, and U+00A0 in Latin-1 (which is what decoding leaves of its other spellings).
    /// In UTF-8 it is two bytes, and its second may as well end a letter: then the byte before it begins one.
    /// </summary>
    public static bool IsSpace(ReadOnlySpan<byte> input, int at) =>
        input[at] <= ' '
        || (input[at] == 0xA0 && (at == 0 || input[at - 1] is < 0xC3 or > 0xF4))
        || (input[at] == 0xC2 && at + 1 < input.Length && input[at + 1] == 0xA0);

    /// <summary>Whether a word goes on here.</summary>
    public static bool IsWord(ReadOnlySpan<byte> input, int at)
    {
        var b = input[at];
        return IsLetter(b) || IsDigit(b) || b is (byte)'_' or (byte)'$' || (b >= 0x80 && !IsSpace(input, at));
    }

    /// <summary>Whether it reads like language: two words of two letters with only space between them.</summary>
    public static bool IsProse(ReadOnlySpan<byte> text)
    {
        var letters = 0;
        var words = 0;
        for (var i = 0; i < text.Length; i++)
        {
            if (IsLetter(text[i]) || text[i] >= 0x80)
            {
                letters++;
            }
            else if (letters >= 2 && IsSpace(text, i))
            {
                (words, letters) = (words + 1, 0);
            }
            else
            {
                (words, letters) = IsSpace(text, i) ? (words, 0) : (0, 0);
            }

            if (words >= 1 && letters >= 2)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Whether a quote behind it begins a string of some code (<c>color: '#333'</c>) rather than ends one.</summary>
    public static bool OpensQuote(ReadOnlySpan<byte> text)
    {
        // r'...', f"..."
        var isPrefixed = text.Length > 1 && IsLetter(text[^1]) && !IsLetter(text[^2]) && !IsDigit(text[^2]);
        var before = (isPrefixed ? text[..^1] : text).TrimEnd(" \t\r\n"u8);
        return !before.IsEmpty && "(=:,[{+?&|>"u8.Contains(before[^1]);
    }

    /// <summary>
    /// Whether it is text that nobody typed so: decoding leaves one byte of each letter of Thai or Russian, and controls are among those bytes.
    /// </summary>
    public static bool HasControls(ReadOnlySpan<byte> text) =>
        text.ContainsAnyInRange((byte)0x01, (byte)0x08) || text.ContainsAnyInRange((byte)0x0E, (byte)0x1F);

    /// <summary>Whether it could be a value someone typed: nothing in it that code puts beside a quote.</summary>
    public static bool IsPlain(ReadOnlySpan<byte> text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (!IsWord(text, i) && !IsSpace(text, i) && text[i] is not ((byte)'.' or (byte)'@' or (byte)'%' or (byte)'-' or (byte)'/' or (byte)'\''))
            {
                return false;
            }
        }

        return true;
    }
}
