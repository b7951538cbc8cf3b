using System.Text;

namespace FilterProxy.Filters.BodyRewrite;

/// <summary>The rules of one direction, for every character encoding a body may be in.</summary>
internal sealed class BodyRules
{
    private readonly Pattern[] _utf8;
    private readonly Pattern[] _latin1;
    private readonly byte[][] _types;
    private readonly int _maxMatch;

    /// <exception cref="ArgumentException">An expression is none.</exception>
    public BodyRules(IReadOnlyList<SubstitutionRule> rules, BodyRewriteOptions options)
    {
        _utf8 = [.. rules.Select(rule => new Pattern(rule, Encoding.UTF8))];
        _latin1 = [.. rules.Select(rule => new Pattern(rule, Encoding.Latin1))];
        _types = [.. options.ContentTypes.Select(Encoding.ASCII.GetBytes)];
        _maxMatch = (int)options.MaxMatch.Bytes;
    }

    public bool IsEmpty => _utf8.Length == 0;

    /// <summary>For a body with these fields; null where it is none to change.</summary>
    public Substitution? For(HeaderMap headers)
    {
        if (IsEmpty || !headers.TryGet(KnownHeader.ContentType, out var field))
        {
            return null;
        }

        var semicolon = field.IndexOf((byte)';');
        if (!IsWanted((semicolon < 0 ? field : field[..semicolon]).TrimEnd(" \t"u8)))
        {
            return null;
        }

        var charset = semicolon < 0 ? "" : CharsetOf(Encoding.Latin1.GetString(field[(semicolon + 1)..]));
        if (charset.StartsWith("utf-16", StringComparison.OrdinalIgnoreCase) || charset.StartsWith("utf-32", StringComparison.OrdinalIgnoreCase))
        {
            return null;
        }

        var isLatin1 = charset.Equals("iso-8859-1", StringComparison.OrdinalIgnoreCase) || charset.Equals("windows-1252", StringComparison.OrdinalIgnoreCase);
        var patterns = isLatin1 ? _latin1 : _utf8;
        return new Substitution(patterns, patterns.Max(pattern => pattern.Expression is null ? pattern.Length : _maxMatch));
    }

    private bool IsWanted(ReadOnlySpan<byte> type)
    {
        foreach (var wanted in _types)
        {
            if (wanted is [.., (byte)'*'] ? type.Length >= wanted.Length && Ascii.EqualsIgnoreCase(type[..(wanted.Length - 1)], wanted.AsSpan(..^1)) : Ascii.EqualsIgnoreCase(type, wanted))
            {
                return true;
            }
        }

        return false;
    }

    private static string CharsetOf(string parameters) => parameters.Split(';').Select(parameter => parameter.Trim())
        .Where(parameter => parameter.StartsWith("charset=", StringComparison.OrdinalIgnoreCase)).Select(parameter => parameter[8..].Trim('"')).FirstOrDefault() ?? "";
}
