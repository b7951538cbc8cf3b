using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace FilterProxy.Filters.Auth;

/// <summary>Paths a rule is for, written as in routes: <c>/login</c> is that path, <c>/admin/*</c> is <c>/admin</c> and all below.</summary>
internal sealed class PathRule
{
    private readonly byte[] _path;
    private readonly bool _below;

    private PathRule(byte[] path, bool below) => (_path, _below) = (path, below);

    /// <exception cref="ArgumentException">It is no such pattern.</exception>
    public static PathRule Parse(string text) => TryParse(text, out var rule) ? rule : throw new ArgumentException($"'{text}' is no path like '/login' or '/admin/*'");

    public static bool TryParse(string text, [NotNullWhen(true)] out PathRule? rule)
    {
        var below = text.EndsWith("/*", StringComparison.Ordinal);
        var path = below ? text[..^2] : text;
        var isPath = (below || path.Length > 0) && (path.Length == 0 || path[0] == '/') && !path.Any(c => c is '*' or '{' or '}' or '?' or '#' or <= ' ' or > '~');
        rule = isPath ? new PathRule(Encoding.ASCII.GetBytes(path), below) : null;
        return isPath;
    }

    public bool Matches(ReadOnlySpan<byte> path) => _below
        ? path.StartsWith(_path) && (path.Length == _path.Length || path[_path.Length] == (byte)'/')
        : path.SequenceEqual(_path);
}
