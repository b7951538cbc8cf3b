using System.Text;

namespace FilterProxy.Filters.Waf.Patterns;

/// <summary>A set of byte values: what a character class stands for.</summary>
internal sealed class ByteSet
{
    private readonly bool[] _has = new bool[256];

    public int Count => _has.Count(has => has);

    public bool this[int value] => _has[value];

    public ByteSet Add(int first, int last)
    {
        for (var value = first; value <= last; value++)
        {
            _has[value] = true;
        }

        return this;
    }

    public ByteSet Add(ByteSet other)
    {
        for (var value = 0; value < 256; value++)
        {
            _has[value] |= other._has[value];
        }

        return this;
    }

    public ByteSet Not()
    {
        var set = new ByteSet();
        for (var value = 0; value < 256; value++)
        {
            set._has[value] = !_has[value];
        }

        return set;
    }

    /// <summary>The set that one of the letters behind a backslash names, or null: <c>\d</c>, <c>\W</c>, <c>\h</c>.</summary>
    public static ByteSet? OfShorthand(char letter) => letter switch
    {
        'd' => new ByteSet().Add('0', '9'),
        'w' => OfPosix("word"),
        's' => OfPosix("space"),
        'h' => new ByteSet().Add('\t', '\t').Add(' ', ' ').Add(0xA0, 0xA0),
        'v' => new ByteSet().Add('\n', '\r').Add(0x85, 0x85),
        'N' => new ByteSet().Add('\n', '\n').Not(),
        'D' or 'W' or 'S' or 'H' or 'V' => OfShorthand(char.ToLowerInvariant(letter))!.Not(),
        _ => null,
    };

    /// <summary>The set of a POSIX class in the C locale, or null: <c>[:alpha:]</c>.</summary>
    public static ByteSet? OfPosix(string name) => name switch
    {
        "alpha" => new ByteSet().Add('A', 'Z').Add('a', 'z'),
        "digit" => new ByteSet().Add('0', '9'),
        "alnum" => new ByteSet().Add('A', 'Z').Add('a', 'z').Add('0', '9'),
        "word" => new ByteSet().Add('A', 'Z').Add('a', 'z').Add('0', '9').Add('_', '_'),
        "upper" => new ByteSet().Add('A', 'Z'),
        "lower" => new ByteSet().Add('a', 'z'),
        "space" => new ByteSet().Add('\t', '\r').Add(' ', ' '),
        "blank" => new ByteSet().Add('\t', '\t').Add(' ', ' '),
        "punct" => new ByteSet().Add('!', '/').Add(':', '@').Add('[', '`').Add('{', '~'),
        "print" => new ByteSet().Add(' ', '~'),
        "graph" => new ByteSet().Add('!', '~'),
        "cntrl" => new ByteSet().Add(0, 0x1F).Add(0x7F, 0x7F),
        "xdigit" => new ByteSet().Add('0', '9').Add('A', 'F').Add('a', 'f'),
        "ascii" => new ByteSet().Add(0, 0x7F),
        _ => null,
    };

    /// <summary>Writes the inside of a class of .NET.</summary>
    public void WriteTo(StringBuilder output)
    {
        for (var first = 0; first < 256; first++)
        {
            if (!_has[first])
            {
                continue;
            }

            // Bytes from 0x80 on lie elsewhere in the alphabet: a range must not span the gap.
            var limit = first < 0x80 ? 0x7F : 0xFF;
            var last = first;
            while (last < limit && _has[last + 1])
            {
                last++;
            }

            ByteAlphabet.WriteEscaped(output, first);
            if (last > first)
            {
                output.Append('-');
                ByteAlphabet.WriteEscaped(output, last);
            }

            first = last;
        }
    }
}
