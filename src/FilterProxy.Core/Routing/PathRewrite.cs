using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace FilterProxy.Core.Routing;

/// <summary>
/// A compiled change of the path between routing and upstream. Immutable; only a regular expression that matches allocates.
/// The query is never touched, and <c>*</c> and an empty path neither.
/// </summary>
internal sealed class PathRewrite
{
    private readonly byte[] _strip;
    private readonly byte[] _add;
    private readonly PathTemplate? _template;
    private readonly Latin1Regex? _regex;
    private readonly string _replacement;

    private PathRewrite(byte[] strip, byte[] add, PathTemplate? template, Latin1Regex? regex, string replacement)
    {
        _strip = strip;
        _add = add;
        _template = template;
        _regex = regex;
        _replacement = replacement;
    }

    /// <summary>Compiles a rule for a route.</summary>
    /// <param name="rule">What to do.</param>
    /// <param name="captures">Parameters that all of the route's paths have.</param>
    /// <param name="rewrite">The result.</param>
    /// <param name="error">Why there is none.</param>
    public static bool TryCompile(
        PathRewriteRule rule,
        IReadOnlyCollection<string> captures,
        [NotNullWhen(true)] out PathRewrite? rewrite,
        out string error)
    {
        rewrite = null;
        PathTemplate? template = null;
        Latin1Regex? regex = null;
        error = "";
        if (new[] { rule.StripPrefix, rule.Template, rule.Pattern }.Count(r => r is not null) > 1)
        {
            error = "a path is either stripped of a prefix, replaced by a template or by a regular expression";
        }
        else if (rule.Pattern is null != rule.Replacement is null)
        {
            error = "a regular expression and its replacement go together";
        }

        if (error.Length > 0
            || !TryParsePrefix(rule.StripPrefix, out var strip, out error)
            || !TryParsePrefix(rule.AddPrefix, out var add, out error)
            || (rule.Template is not null && !PathTemplate.TryParse(rule.Template, captures, out template, out error))
            || (rule.Pattern is not null && !Latin1Regex.TryParse(rule.Pattern, out regex, out error)))
        {
            return false;
        }

        rewrite = new PathRewrite(strip, add, template, regex, rule.Replacement ?? "");
        return true;
    }

    /// <summary>Rewrites the path. The captures are those of the match that found the route.</summary>
    public ProxyError Apply(RequestHead head, RouteCaptures captures)
    {
        var path = head.Path;
        if (!path.StartsWith("/"u8))
        {
            return default;
        }

        if (_regex is not null)
        {
            return ApplyRegex(head, path, _regex);
        }

        var isStripped = _strip.Length > 0 && path.StartsWith(_strip)
            && (path.Length == _strip.Length || path[_strip.Length] == (byte)'/');
        if (_template is null && !isStripped && _add.Length == 0)
        {
            return default;
        }

        var rest = isStripped ? path[_strip.Length..] : path;
        if (rest.IsEmpty)
        {
            rest = "/"u8;
        }

        // Put together in the free end of the block, where SetPath claims it.
        var scratch = head.Block.GetSpan(_add.Length + (_template is null ? rest.Length : _template.GetMaxLength(captures)));
        _add.CopyTo(scratch);
        var length = _add.Length;
        if (_template is null)
        {
            rest.CopyTo(scratch[length..]);
            length += rest.Length;
        }
        else
        {
            length += _template.Write(head, captures, scratch[length..]);
        }

        head.SetPath(scratch[..length]);
        return default;
    }

    private ProxyError ApplyRegex(RequestHead head, ReadOnlySpan<byte> path, Latin1Regex regex)
    {
        var isMatch = regex.IsMatch(path);
        if (!isMatch && _add.Length == 0)
        {
            return default;
        }

        var replaced = isMatch ? Encoding.Latin1.GetBytes(regex.Replace(path, _replacement)) : path.ToArray();
        byte[] result = [.. _add, .. replaced];
        if (!replaced.AsSpan().StartsWith("/"u8) || !RequestTarget.IsPath(result))
        {
            return ProxyError.Internal(detail: "path_rewrite_invalid");
        }

        // "^/old(.*)" to "/new/$1" makes "/new/.." of "/old..": an upstream would leave the directory.
        if (HasDotSegment(result) && !HasDotSegment(path))
        {
            return ProxyError.Downstream(ProxyErrorKind.BadRequest, "path_rewrite_dot_segment");
        }

        head.SetPath(result);
        return default;
    }

    private static bool HasDotSegment(ReadOnlySpan<byte> path)
    {
        foreach (var range in path.Split((byte)'/'))
        {
            var segment = path[range];
            if (segment.SequenceEqual("."u8) || segment.SequenceEqual(".."u8))
            {
                return true;
            }
        }

        return false;
    }

    private static bool TryParsePrefix(string? text, out byte[] prefix, out string error)
    {
        prefix = [];
        error = "";
        if (text is null)
        {
            return true;
        }

        if (!text.StartsWith('/'))
        {
            error = "a path begins with '/'";
            return false;
        }

        // "/api/" and "/api" are one prefix: both end at the same boundary.
        return PercentEncoding.TryNormalizeConfigured(text.TrimEnd('/'), out prefix, out error);
    }
}
