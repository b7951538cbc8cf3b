using System.Text;

namespace FilterProxy.Filters.Cookies;

/// <summary>A cookie's name, or the beginning, the end or a part of one. Case matters (RFC 6265 §4.1.1).</summary>
internal sealed class CookieName(string pattern)
{
    private readonly byte[] _text = Encoding.UTF8.GetBytes(pattern.Trim('*'));
    private readonly bool _openStart = pattern.StartsWith('*');
    private readonly bool _openEnd = pattern.EndsWith('*');

    public bool Matches(ReadOnlySpan<byte> name) => (_openStart, _openEnd) switch
    {
        (true, true) => name.IndexOf(_text) >= 0,
        (true, false) => name.EndsWith(_text),
        (false, true) => name.StartsWith(_text),
        _ => name.SequenceEqual(_text),
    };
}
