using System.Buffers;

namespace FilterProxy.Core.Config.Checks;

/// <summary>What texts may stand where in HTTP.</summary>
internal static class HttpText
{
    // RFC 9110 section 5.6.2.
    private static readonly SearchValues<char> TokenCharacters =
        SearchValues.Create("!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

    /// <summary>A method or a header's name.</summary>
    public static bool IsToken(string text) => text.Length > 0 && text.AsSpan().IndexOfAnyExcept(TokenCharacters) < 0;

    /// <summary>A header's value (RFC 9110 section 5.5): Latin-1 without control characters, not padded.</summary>
    public static bool IsValue(string text) =>
        text.All(c => c is '\t' or (>= ' ' and not '\x7f' and <= '\xff')) && text.Trim(' ', '\t').Length == text.Length;
}
