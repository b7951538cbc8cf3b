using System.Diagnostics.CodeAnalysis;

namespace FilterProxy.Core.Routing;

/// <summary>
/// Paths a route answers for. Compared with the normalised path, segment by segment and with case:
/// <list type="bullet">
/// <item><c>/exact</c>: this path; <c>/exact/</c> is another one.</item>
/// <item><c>/prefix/*</c>: on a segment boundary. <c>/admin/*</c> is <c>/admin</c>, <c>/admin/</c> and <c>/admin/x</c>, not
/// <c>/adminx</c>.</item>
/// <item><c>/users/{id}/posts</c>: <c>{id}</c> is one segment that is not empty.</item>
/// <item><c>/files/{rest*}</c>: as <c>/files/*</c>, and what follows <c>/files/</c> is captured; it may be empty.</item>
/// <item><c>~ ^/regex$</c>: a regular expression over the path's bytes as Latin-1; it captures nothing.</item>
/// </list>
/// Fixed segments are brought into the path's normal form: <c>/caf%c3%a9</c> and <c>/café</c> are <c>/caf%C3%A9</c>.
/// </summary>
internal sealed class PathPattern
{
    private readonly string _text;

    internal PathPattern(
        string text, PathPatternKind kind, PathSegment[] segments, bool hasTail, string[] parameters, Latin1Regex? regex)
    {
        _text = text;
        Kind = kind;
        Segments = segments;
        HasTail = hasTail;
        ParameterNames = parameters;
        Regex = regex;
        Exact = kind == PathPatternKind.Exact ? [.. segments.SelectMany(s => s.Literal!.Prepend((byte)'/'))] : [];
    }

    public PathPatternKind Kind { get; }

    /// <summary>The names of its parameters, in order; a catch-all is the last one.</summary>
    public string[] ParameterNames { get; }

    /// <summary>The whole path of an exact pattern.</summary>
    internal byte[] Exact { get; }

    internal PathSegment[] Segments { get; }

    /// <summary>Whether any further segments may follow: it ends in <c>*</c> or <c>{name*}</c>.</summary>
    internal bool HasTail { get; }

    internal Latin1Regex? Regex { get; }

    /// <exception cref="FormatException">It is no pattern; the message says why.</exception>
    public static PathPattern Parse(string text) =>
        TryParse(text, out var pattern, out var error) ? pattern : throw new FormatException($"'{text}': {error}");

    public static bool TryParse(string text, [NotNullWhen(true)] out PathPattern? pattern, out string error) =>
        PathPatternParser.TryParse(text, out pattern, out error);

    /// <summary>Whether a path is one of these; <see cref="RouteTable{T}"/> answers the same for many patterns at once.</summary>
    public bool Matches(ReadOnlySpan<byte> path)
    {
        if (Regex is not null)
        {
            return Regex.IsMatch(path);
        }

        if (!path.StartsWith("/"u8))
        {
            return false;
        }

        foreach (var segment in Segments)
        {
            if (path.IsEmpty)
            {
                return false;
            }

            var length = path[1..].IndexOf((byte)'/');
            var actual = length < 0 ? path[1..] : path.Slice(1, length);
            if (segment.IsParameter ? actual.IsEmpty : !actual.SequenceEqual(segment.Literal))
            {
                return false;
            }

            path = path[(1 + actual.Length)..];
        }

        return HasTail || path.IsEmpty;
    }

    public override string ToString() => _text;
}
