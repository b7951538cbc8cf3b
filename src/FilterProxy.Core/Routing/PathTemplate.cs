using System.Diagnostics.CodeAnalysis;

namespace FilterProxy.Core.Routing;

/// <summary>
/// A path with places for captures, as in <c>/{service}/api/{rest}</c>. When a catch-all captured nothing, the slash before
/// its place goes with it, unless it ends the template and the request's path ended in a slash too. For the route's path
/// <c>/api/{service}/{rest*}</c> that gives <c>/oauth/api/x</c> of <c>/api/oauth/x</c>, <c>/oauth/api</c> of <c>/api/oauth</c>
/// and <c>/oauth/api/</c> of <c>/api/oauth/</c>.
/// </summary>
internal sealed class PathTemplate
{
    private readonly (byte[] Literal, string? Capture)[] _parts;
    private readonly int _literalLength;

    private PathTemplate((byte[] Literal, string? Capture)[] parts)
    {
        _parts = parts;
        _literalLength = parts.Sum(p => p.Literal.Length);
        CaptureCount = parts.Count(p => p.Capture is not null);
    }

    private int CaptureCount { get; }

    public static bool TryParse(
        string text, IReadOnlyCollection<string> captures, [NotNullWhen(true)] out PathTemplate? template, out string error)
    {
        template = null;
        if (!text.StartsWith('/'))
        {
            error = "a path begins with '/'";
            return false;
        }

        var parts = new List<(byte[], string?)>();
        for (var rest = text; rest.Length > 0;)
        {
            var open = rest.IndexOf('{');
            var literal = open < 0 ? rest : rest[..open];
            if (literal.Contains('}') || (open >= 0 && rest.IndexOf('}', open) < 0))
            {
                error = "braces come in pairs around the name of a capture";
                return false;
            }

            if (!PercentEncoding.TryNormalizeConfigured(literal, out var bytes, out error))
            {
                return false;
            }

            var name = open < 0 ? null : rest[(open + 1)..rest.IndexOf('}', open)];
            if (name is not null && !captures.Contains(name))
            {
                error = $"the route's path has no parameter '{name}'";
                return false;
            }

            parts.Add((bytes, name));
            rest = open < 0 ? "" : rest[(rest.IndexOf('}', open) + 1)..];
        }

        template = new PathTemplate([.. parts]);
        error = "";
        return true;
    }

    /// <summary>Most bytes <see cref="Write"/> can need.</summary>
    public int GetMaxLength(RouteCaptures captures) => _literalLength + (CaptureCount * captures.MatchedPath.Length);

    public int Write(RequestHead head, RouteCaptures captures, Span<byte> output)
    {
        var path = head.Block.Slice(captures.MatchedPath.Start, captures.MatchedPath.Length);
        var written = 0;
        for (var i = 0; i < _parts.Length; i++)
        {
            var (literal, capture) = _parts[i];
            literal.CopyTo(output[written..]);
            written += literal.Length;
            if (capture is null)
            {
                continue;
            }

            captures.TryGet(capture, path, out var value);
            value.CopyTo(output[written..]);
            written += value.Length;
            if (value.IsEmpty && written > 1 && output[written - 1] == (byte)'/' && DropsSlash(i, path))
            {
                written--;
            }
        }

        return written;
    }

    private bool DropsSlash(int part, ReadOnlySpan<byte> path) =>
        part == _parts.Length - 1 ? !path.EndsWith("/"u8) : _parts[part + 1].Literal.AsSpan().StartsWith("/"u8);
}
