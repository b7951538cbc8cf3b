namespace FilterProxy.Filters.Jose;

/// <summary>Why a token is refused, and what exactly is wrong.</summary>
/// <param name="Error">The kind.</param>
/// <param name="Detail">For the log: says what, never shows the token, a key or a claim's value.</param>
internal readonly record struct JwtFailure(JwtError Error, string Detail)
{
    private const int Shown = 64;

    public override string ToString() => Detail;

    /// <summary>A name somebody else chose, fit for a line of a log.</summary>
    public static string Show(string? text)
    {
        var visible = string.Concat((text ?? "").Take(Shown).Select(c => c is > ' ' and <= '~' and not '\'' ? c : '?'));
        return text?.Length > Shown ? $"'{visible}…'" : $"'{visible}'";
    }
}
