using System.Text;

namespace FilterProxy;

/// <summary>A name without case, or the beginning, the end or a part of one: <c>token</c>, <c>x-*</c>, <c>*-key</c>, <c>*secret*</c>.</summary>
internal sealed class NamePattern
{
    private readonly byte[] _text;
    private readonly bool _openStart, _openEnd;

    private NamePattern(byte[] text, bool openStart, bool openEnd) => (_text, _openStart, _openEnd) = (text, openStart, openEnd);

    /// <exception cref="ArgumentException">It is empty or has a star in its middle.</exception>
    public static NamePattern Parse(string pattern)
    {
        var (openStart, openEnd) = (pattern.StartsWith('*'), pattern.EndsWith('*'));
        var text = pattern.Trim('*');
        if (pattern.Length == 0 || text.Contains('*', StringComparison.Ordinal))
        {
            throw new ArgumentException($"'{pattern}' is no name, nor one with a '*' at its beginning or end");
        }

        return new NamePattern(Encoding.UTF8.GetBytes(text), openStart, openEnd);
    }

    public bool Matches(ReadOnlySpan<byte> name)
    {
        if (name.Length < _text.Length || (!_openStart && !_openEnd && name.Length != _text.Length))
        {
            return false;
        }

        var last = name.Length - _text.Length;
        for (var start = _openStart && !_openEnd ? last : 0; start <= (_openStart ? last : 0); start++)
        {
            if (Ascii.EqualsIgnoreCase(name.Slice(start, _text.Length), _text) || name.Slice(start, _text.Length).SequenceEqual(_text))
            {
                return true;
            }
        }

        return false;
    }
}
