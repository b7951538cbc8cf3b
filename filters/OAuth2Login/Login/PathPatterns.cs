using System.Text;

namespace FilterProxy.Filters.OAuth2Login.Login;

/// <summary>Paths: whole ones, and beginnings written <c>/api/*</c>.</summary>
internal sealed class PathPatterns(IReadOnlyList<string> patterns)
{
    private readonly (byte[] Text, bool IsOpen)[] _patterns =
        [.. patterns.Select(pattern => (Encoding.ASCII.GetBytes(pattern.EndsWith('*') ? pattern[..^1] : pattern), pattern.EndsWith('*')))];

    /// <summary><c>/api/*</c> has <c>/api</c> too, as in routes.</summary>
    public bool Matches(ReadOnlySpan<byte> path)
    {
        foreach (var (text, isOpen) in _patterns)
        {
            if (isOpen ? path.StartsWith(text) || (text[^1] == (byte)'/' && path.SequenceEqual(text.AsSpan(0, text.Length - 1))) : path.SequenceEqual(text))
            {
                return true;
            }
        }

        return false;
    }
}
