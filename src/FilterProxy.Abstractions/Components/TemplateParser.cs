using System.Globalization;
using System.Text;

namespace FilterProxy;

/// <summary>Reads the syntax of a <see cref="Template"/> and binds its operators.</summary>
internal static class TemplateParser
{
    /// <summary>The segments, or null and what is wrong.</summary>
    public static TemplateSegment[]? Parse(string text, TemplateMask? mask, out string error)
    {
        var segments = new List<TemplateSegment>();
        var literal = new List<byte>();
        var at = 0;
        while (at < text.Length)
        {
            var percent = text.IndexOf('%', at);
            literal.AddRange(Encoding.UTF8.GetBytes(text[at..(percent < 0 ? text.Length : percent)]));
            if (percent < 0)
            {
                break;
            }

            if (percent + 1 < text.Length && text[percent + 1] == '%')
            {
                literal.Add((byte)'%');
                at = percent + 2;
                continue;
            }

            if (ParseOperator(text, percent, mask, out at, out error) is not { } segment)
            {
                error = $"{error} (column {percent + 1} of '{text}')";
                return null;
            }

            // An operator whose value is known already (HOSTNAME) is a literal like any other.
            if (segment.IsLiteral)
            {
                literal.AddRange(segment.Literal);
                continue;
            }

            AddLiteral(segments, literal);
            segments.Add(segment);
        }

        AddLiteral(segments, literal);
        error = "";
        return [.. segments];
    }

    private static void AddLiteral(List<TemplateSegment> segments, List<byte> literal)
    {
        if (literal.Count > 0)
        {
            segments.Add(new TemplateSegment([.. literal]));
            literal.Clear();
        }
    }

    /// <summary>Parses <c>%NAME(arguments):length%</c> beginning at <paramref name="start"/>.</summary>
    private static TemplateSegment? ParseOperator(string text, int start, TemplateMask? mask, out int end, out string error)
    {
        var at = start + 1;
        while (at < text.Length && (char.IsAsciiLetterUpper(text[at]) || char.IsAsciiDigit(text[at]) || text[at] == '_'))
        {
            at++;
        }

        var name = text[(start + 1)..at];
        end = at;
        if (name.Length == 0)
        {
            error = "'%' must begin an operator such as %PATH%, or be written '%%'";
            return null;
        }

        string? argument = null;
        int maxLength;
        if (at < text.Length && text[at] == '(')
        {
            // Arguments may hold '%' and ')': they end at the first ')' after which the operator ends too.
            var close = text.IndexOf(')', at);
            while (close >= 0 && !TryEnd(text, close + 1, out end, out maxLength))
            {
                close = text.IndexOf(')', close + 1);
            }

            if (close < 0)
            {
                error = $"operator '{name}' has no ')%' to end it";
                return null;
            }

            argument = text[(at + 1)..close];
            at = close + 1;
        }

        if (!TryEnd(text, at, out end, out maxLength))
        {
            error = $"operator '{name}' must end with '%', or with ':' and a length of at least 1 and '%'";
            return null;
        }

        return TemplateOperators.Bind(name, argument, mask, maxLength, out error);
    }

    private static bool TryEnd(string text, int at, out int end, out int maxLength)
    {
        end = at;
        maxLength = int.MaxValue;
        if (at < text.Length && text[at] == ':')
        {
            var digits = at + 1;
            while (digits < text.Length && char.IsAsciiDigit(text[digits]))
            {
                digits++;
            }

            if (!int.TryParse(text.AsSpan(at + 1, digits - at - 1), NumberStyles.None, CultureInfo.InvariantCulture, out maxLength) || maxLength < 1)
            {
                return false;
            }

            at = digits;
        }

        if (at >= text.Length || text[at] != '%')
        {
            return false;
        }

        end = at + 1;
        return true;
    }
}
