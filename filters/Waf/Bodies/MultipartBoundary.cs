using FilterProxy.Filters.Waf.Engine;
using FilterProxy.Filters.Waf.Language;

namespace FilterProxy.Filters.Waf.Bodies;

/// <summary>Finds the boundary a Content-Type names (RFC 2046 §5.1.1), and notes what is odd about it.</summary>
internal static class MultipartBoundary
{
    private const int MaxLength = 70;

    /// <summary>Null where there is none that can be used.</summary>
    public static string? Find(string contentType, Transaction transaction)
    {
        var at = contentType.IndexOf("boundary", StringComparison.OrdinalIgnoreCase);
        if (at < 0)
        {
            transaction.FailBody("Multipart: Boundary not found in Content-Type");
            return null;
        }

        if (HasAnother(contentType, at + "boundary".Length))
        {
            transaction.FailBody("Multipart: Multiple boundary parameters in Content-Type");
            return null;
        }

        var before = contentType.AsSpan(0, at).TrimEnd(" \t");
        if (!before.EndsWith(";"))
        {
            transaction.SetFlag(Variable.MultipartMissingSemicolon);
        }

        var rest = contentType.AsSpan(at + "boundary".Length);
        var value = rest.TrimStart(" \t");
        if (!value.StartsWith("="))
        {
            transaction.FailBody("Multipart: Invalid boundary in Content-Type (malformed)");
            return null;
        }

        var hasBlank = value.Length != rest.Length || value.Length > 1 && value[1] is ' ' or '\t';
        value = value[1..].TrimStart(" \t");
        if (value.StartsWith("\""))
        {
            transaction.SetFlag(Variable.MultipartBoundaryQuoted);
            var close = value[1..].IndexOf('"');
            if (close < 0)
            {
                transaction.FailBody("Multipart: Invalid boundary in Content-Type (quote)");
                return null;
            }

            value = value[1..(close + 1)];
        }
        else
        {
            var end = value.IndexOfAny(";,");
            value = (end < 0 ? value : value[..end]).TrimEnd(" \t");
        }

        if (hasBlank || value.ContainsAny(" \t"))
        {
            transaction.SetFlag(Variable.MultipartBoundaryWhitespace);
        }

        if (value.Length is 0 or > MaxLength || !IsBoundary(value))
        {
            transaction.FailBody("Multipart: Invalid boundary in Content-Type (length or characters)");
            return null;
        }

        return value.ToString();
    }

    private static bool HasAnother(string contentType, int from)
    {
        for (var at = contentType.IndexOf("boundary", from, StringComparison.OrdinalIgnoreCase); at >= 0; at = contentType.IndexOf("boundary", at + 1, StringComparison.OrdinalIgnoreCase))
        {
            if (contentType.AsSpan(at + "boundary".Length).TrimStart(" \t").StartsWith("="))
            {
                return true;
            }
        }

        return false;
    }

    private static bool IsBoundary(ReadOnlySpan<char> text)
    {
        foreach (var c in text)
        {
            if (!char.IsAsciiLetterOrDigit(c) && !"'()+_,-./:=? ".Contains(c, StringComparison.Ordinal))
            {
                return false;
            }
        }

        return true;
    }
}
