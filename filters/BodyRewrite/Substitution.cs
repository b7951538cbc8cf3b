using System.Buffers;
using System.Text;

namespace FilterProxy.Filters.BodyRewrite;

/// <summary>
/// Replaces in one body as it streams. The earliest match counts, of several at one place the first rule's. What could be the beginning of a match is
/// held back until the bytes that decide have come.
/// </summary>
internal sealed class Substitution(Pattern[] patterns, int longest)
{
    private readonly bool _hasExpression = Array.Exists(patterns, pattern => pattern.Expression is not null);
    private readonly Pattern.Found[] _next = new Pattern.Found[patterns.Length];

    private byte[] _window = [];
    private int _length;

    // Bytes at the front that went on already: \b and ^ look at what stands before.
    private int _context;

    /// <param name="data">The next piece.</param>
    /// <param name="end">Whether it is the last.</param>
    /// <param name="output">Where what is decided goes.</param>
    public void Write(ReadOnlySequence<byte> data, bool end, IBufferWriter<byte> output)
    {
        Append(data);
        var window = _window.AsSpan(0, _length);

        // A match that begins before this has all its bytes.
        var decided = end ? _length : _length - longest + 1;
        if (decided <= _context)
        {
            return;
        }

        var text = _hasExpression ? Encoding.Latin1.GetString(window) : null;
        Array.Fill(_next, new Pattern.Found(-1, 0, null));
        var at = _context;
        while (at < decided)
        {
            var first = FindFirst(window, text, at);
            if (first < 0 || _next[first].Start >= decided)
            {
                break;
            }

            output.Write(window[at.._next[first].Start]);
            output.Write(patterns[first].Replacement(_next[first]));
            at = _next[first].Start + _next[first].Length;
        }

        if (at < decided)
        {
            output.Write(window[at..decided]);
            at = decided;
        }

        KeepFrom(at);
    }

    private int FindFirst(ReadOnlySpan<byte> window, string? text, int at)
    {
        var first = -1;
        for (var i = 0; i < patterns.Length; i++)
        {
            if (_next[i].Start < at)
            {
                _next[i] = patterns[i].Find(window, text, at);
            }

            if (_next[i].Length > 0 && (first < 0 || _next[i].Start < _next[first].Start))
            {
                first = i;
            }
        }

        return first;
    }

    private void Append(ReadOnlySequence<byte> data)
    {
        var needed = _length + checked((int)data.Length);
        if (needed > _window.Length)
        {
            Array.Resize(ref _window, Math.Max(needed, _window.Length * 2));
        }

        data.CopyTo(_window.AsSpan(_length));
        _length = needed;
    }

    private void KeepFrom(int at)
    {
        _context = at > 0 ? 1 : 0;
        var kept = _window.AsSpan(at - _context, _length - at + _context);
        kept.CopyTo(_window);
        _length = kept.Length;
    }
}
