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

        return new NamePattern(Encoding.UTF8.GetBytes(text.ToLowerInvariant()), openStart, openEnd);
    }

    public bool Matches(ReadOnlySpan<byte> name)
    {
        var last = name.Length - _text.Length;
        if (last < 0 || (!_openStart && !_openEnd && last != 0))
        {
            return false;
        }

        for (var start = _openStart && !_openEnd ? last : 0; start <= (_openStart ? last : 0); start++)
        {
            if (EqualsAt(name.Slice(start, _text.Length)))
            {
                return true;
            }
        }

        return false;
    }

    // By hand: most comparisons end at the first byte, which a call into a vectorized one does not pay for.
    private bool EqualsAt(ReadOnlySpan<byte> name)
    {
        var text = _text;
        for (var i = 0; i < text.Length; i++)
        {
            var value = name[i];
            if (value != text[i] && ((value | 0x20) != text[i] || value is < (byte)'A' or > (byte)'Z'))
            {
                return false;
            }
        }

        return true;
    }
}
