namespace FilterProxy.Filters.Waf.Operators;

/// <summary>Check digits of payment cards and of national numbers. Texts are digits alone.</summary>
internal static class NationalNumbers
{
    private static readonly int[] SvnrWeights = [3, 7, 9, 0, 5, 8, 4, 2, 1, 6];

    /// <param name="text">A country, <c>us</c> or <c>cl</c>, and an expression.</param>
    /// <exception cref="FormatException">The country is another.</exception>
    public static VerifyNumber CreateNids(string text)
    {
        var blank = text.IndexOf(' ', StringComparison.Ordinal);
        var country = blank < 0 ? text : text[..blank];
        var pattern = blank < 0 ? "" : text[(blank + 1)..];
        return country.ToLowerInvariant() switch
        {
            "us" => new VerifyNumber(pattern, IsSsn),
            "cl" => new VerifyNumber(pattern, IsRut),
            _ => throw new FormatException($"'{country}' is no country whose numbers are known (us, cl)"),
        };
    }

    /// <summary>A payment card's (ISO/IEC 7812-1, Luhn).</summary>
    public static bool IsCard(ReadOnlySpan<char> digits)
    {
        var sum = 0;
        for (var i = 0; i < digits.Length; i++)
        {
            var value = digits[^(i + 1)] - '0';
            sum += i % 2 == 0 ? value : value < 5 ? value * 2 : (value * 2) - 9;
        }

        return digits.Length > 0 && sum % 10 == 0;
    }

    /// <summary>A social security number of the United States: neither of those never given nor one in a row.</summary>
    public static bool IsSsn(ReadOnlySpan<char> digits)
    {
        if (digits.Length != 9)
        {
            return false;
        }

        var isRow = true;
        for (var i = 1; i < digits.Length; i++)
        {
            isRow &= digits[i] == digits[i - 1] + 1;
        }

        var area = Value(digits[..3]);
        return !isRow && area is > 0 and not 666 and < 740 && Value(digits[3..5]) > 0 && Value(digits[5..]) > 0 && digits.ContainsAnyExcept(digits[0]);
    }

    /// <summary>A tax number of Brazil.</summary>
    public static bool IsCpf(ReadOnlySpan<char> digits) =>
        digits.Length == 11 && digits.ContainsAnyExcept(digits[0]) && CpfDigit(digits[..9]) == digits[9] - '0' && CpfDigit(digits[..10]) == digits[10] - '0';

    /// <summary>A social insurance number of Austria.</summary>
    public static bool IsSvnr(ReadOnlySpan<char> digits)
    {
        if (digits.Length != 10)
        {
            return false;
        }

        var sum = 0;
        for (var i = 0; i < digits.Length; i++)
        {
            sum += (digits[i] - '0') * SvnrWeights[i];
        }

        return sum % 11 == digits[3] - '0';
    }

    /// <summary>A tax number of Chile, the last character of which may be a K.</summary>
    public static bool IsRut(ReadOnlySpan<char> digits)
    {
        if (digits.Length is < 8 or > 9)
        {
            return false;
        }

        var sum = 0;
        for (var i = 2; i <= digits.Length; i++)
        {
            if (!char.IsAsciiDigit(digits[^i]))
            {
                return false;
            }

            sum += (digits[^i] - '0') * (((i - 2) % 6) + 2);
        }

        var check = (11 - (sum % 11)) % 11;
        return check == 10 ? digits[^1] is 'k' or 'K' : digits[^1] - '0' == check;
    }

    private static int CpfDigit(ReadOnlySpan<char> digits)
    {
        var sum = 0;
        for (var i = 0; i < digits.Length; i++)
        {
            sum += (digits[i] - '0') * (digits.Length + 1 - i);
        }

        return sum * 10 % 11 % 10;
    }

    private static int Value(ReadOnlySpan<char> digits)
    {
        var value = 0;
        foreach (var c in digits)
        {
            value = (value * 10) + (c - '0');
        }

        return value;
    }
}
