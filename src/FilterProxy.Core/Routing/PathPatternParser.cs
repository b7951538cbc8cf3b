using System.Diagnostics.CodeAnalysis;

namespace FilterProxy.Core.Routing;

/// <summary>The grammar of <see cref="PathPattern"/>.</summary>
internal static class PathPatternParser
{
    public static bool TryParse(string text, [NotNullWhen(true)] out PathPattern? pattern, out string error)
    {
        pattern = null;
        if (text.StartsWith('~'))
        {
            return TryParseRegex(text, out pattern, out error);
        }

        if (!text.StartsWith('/'))
        {
            error = "a path begins with '/', or with '~' for a regular expression";
            return false;
        }

        var parts = text[1..].Split('/');
        var segments = new List<PathSegment>();
        var names = new List<string>();
        var hasTail = false;
        for (var i = 0; i < parts.Length; i++)
        {
            var part = parts[i];
            if (hasTail)
            {
                error = $"nothing may follow '{parts[i - 1]}', which takes the rest of the path";
                return false;
            }

            if (part == "*")
            {
                hasTail = true;
                if (i < parts.Length - 1)
                {
                    error = "'*' may only be the last segment; write {name} for one in the middle";
                    return false;
                }
            }
            else if (part.AsSpan().ContainsAny('{', '}'))
            {
                if (!TryParseParameter(part, names, out hasTail, out error))
                {
                    return false;
                }

                if (!hasTail)
                {
                    segments.Add(default);
                }
            }
            else if (!TryParseLiteral(part, segments, out error))
            {
                return false;
            }
        }

        var kind = names.Count > 0 ? PathPatternKind.Template : hasTail ? PathPatternKind.Prefix : PathPatternKind.Exact;
        pattern = new PathPattern(text, kind, [.. segments], hasTail, [.. names], null);
        error = "";
        return true;
    }

    private static bool TryParseRegex(string text, [NotNullWhen(true)] out PathPattern? pattern, out string error)
    {
        pattern = null;
        var expression = text[1..].Trim();
        if (expression.Length == 0)
        {
            error = "'~' is followed by a regular expression";
            return false;
        }

        if (Latin1Regex.TryParse(expression, out var regex, out error))
        {
            pattern = new PathPattern(text, PathPatternKind.Regex, [], false, [], regex);
        }

        return pattern is not null;
    }

    private static bool TryParseParameter(string part, List<string> names, out bool isCatchAll, out string error)
    {
        isCatchAll = part.EndsWith("*}", StringComparison.Ordinal);
        var name = part.Length < 2 ? "" : isCatchAll ? part[1..^2] : part[1..^1];
        error = "";
        if (!part.StartsWith('{') || !part.EndsWith('}') || !IsName(name))
        {
            error = $"'{part}': a parameter is a whole segment, {{name}} or {{name*}}, named with letters, digits, '_' and '-'";
        }
        else if (names.Contains(name))
        {
            error = $"there are two parameters named '{name}'";
        }
        else if (names.Count == RouteCaptures.Capacity)
        {
            error = $"there are more than {RouteCaptures.Capacity} parameters";
        }
        else
        {
            names.Add(name);
        }

        return error.Length == 0;
    }

    private static bool TryParseLiteral(string part, List<PathSegment> segments, out string error)
    {
        if (part.Contains('*'))
        {
            error = $"'{part}': '*' is a whole segment; write a regular expression ('~ ...') for part of one";
            return false;
        }

        if (!PercentEncoding.TryNormalizeConfigured(part, out var literal, out error))
        {
            return false;
        }

        if (literal.AsSpan().SequenceEqual("."u8) || literal.AsSpan().SequenceEqual(".."u8))
        {
            error = $"'{part}': a normalised path has no dot segments, so nothing would match";
            return false;
        }

        segments.Add(new PathSegment(literal));
        return true;
    }

    private static bool IsName(string name) => name.Length > 0 && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-');
}
