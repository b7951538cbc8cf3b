using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace FilterProxy.Filters.Csrf;

/// <summary>An origin (RFC 6454 §6.2), or all below a host: <c>https://*.example.com</c>.</summary>
internal sealed class OriginRule
{
    private readonly byte[] _start;
    private readonly byte[] _end;
    private readonly bool _below;

    private OriginRule(string start, string end, bool below) => (_start, _end, _below) = (Encoding.ASCII.GetBytes(start), Encoding.ASCII.GetBytes(end), below);

    public static bool TryParse(string text, [NotNullWhen(true)] out OriginRule? rule)
    {
        rule = null;
        var below = text.Contains("://*.", StringComparison.Ordinal);
        if (!Uri.TryCreate(below ? text.Replace("://*.", "://x.", StringComparison.Ordinal) : text, UriKind.Absolute, out var uri)
            || uri.Scheme is not ("http" or "https") || uri.PathAndQuery != "/" || uri.Fragment.Length > 0 || uri.UserInfo.Length > 0 || text.EndsWith('/')
            || !Ascii.IsValid(text) || text.Replace("://*.", "", StringComparison.Ordinal).Contains('*', StringComparison.Ordinal))
        {
            return false;
        }

        // As browsers write it: the scheme's own port is left out.
        var origin = uri.GetLeftPart(UriPartial.Authority).ToLowerInvariant();
        rule = below ? new OriginRule($"{uri.Scheme}://", origin[$"{uri.Scheme}://x".Length..], below: true) : new OriginRule(origin, "", below: false);
        return true;
    }

    public bool Matches(ReadOnlySpan<byte> origin) => _below
        ? origin.Length > _start.Length + _end.Length && Ascii.EqualsIgnoreCase(origin[.._start.Length], _start) && Ascii.EqualsIgnoreCase(origin[^_end.Length..], _end)
        : Ascii.EqualsIgnoreCase(origin, _start);
}
