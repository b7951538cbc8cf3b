using System.Buffers;

namespace FilterProxy.Filters.Waf.Detection;

/// <summary>
/// Tells whether a value would change the SQL statement it is put into. It is read as standing outside of quotes, inside single and inside double
/// ones, as MySQL and as other databases read it; one reading that is an attack suffices.
/// </summary>
internal static class SqlDetector
{
    /// <summary>The most letters a fingerprint has.</summary>
    public const int FingerprintLength = 8;

    // Words, numbers, dates, addresses, paths of names: nothing here ends a value or goes on with a statement.
    private static readonly SearchValues<byte> Inert = SearchValues.Create(
    [
        .. "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_.-@"u8,
        .. Enumerable.Range(0x80, 0x80).Where(b => b != 0xA0).Select(b => (byte)b),
    ]);

    // What the dialects read differently.
    private static readonly SearchValues<byte> Disputed = SearchValues.Create("\\#$[-!"u8);

    /// <param name="input">Any bytes.</param>
    /// <param name="fingerprint">Receives the letters (<see cref="SqlKind"/>) of the tokens that gave it away.</param>
    /// <param name="length">How many letters; zero where it is no injection.</param>
    public static bool IsInjection(ReadOnlySpan<byte> input, Span<byte> fingerprint, out int length) =>
        IsInjection(input, fingerprint, out length, out _);

    /// <summary>As above, and how many steps that took.</summary>
    internal static bool IsInjection(ReadOnlySpan<byte> input, Span<byte> fingerprint, out int length, out int steps)
    {
        length = 0;
        steps = 0;
        if (!input.ContainsAnyExcept(Inert) && input.IndexOf("--"u8) < 0)
        {
            return false;
        }

        var letters = fingerprint[..Math.Min(fingerprint.Length, FingerprintLength)];
        var isDisputed = input.ContainsAny(Disputed) || input.IndexOf("q'"u8) >= 0 || input.IndexOf("Q'"u8) >= 0;
        ReadOnlySpan<byte> quotes = [0, (byte)'\'', (byte)'"'];
        foreach (var quote in quotes)
        {
            if (quote != 0 && !input.Contains(quote))
            {
                continue;
            }

            if (IsInjection(input, new SqlContext(quote, IsMySql: true), letters, ref length, ref steps)
                || (isDisputed && IsInjection(input, new SqlContext(quote, IsMySql: false), letters, ref length, ref steps)))
            {
                return true;
            }
        }

        return false;
    }

    private static bool IsInjection(ReadOnlySpan<byte> input, SqlContext context, Span<byte> fingerprint, ref int length, ref int steps)
    {
        var grammar = new SqlGrammar(input, context, fingerprint);
        var isInjection = grammar.IsInjection();
        steps += grammar.Steps;
        length = isInjection ? grammar.FingerprintLength : 0;
        return isInjection;
    }
}
