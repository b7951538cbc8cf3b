namespace FilterProxy.Filters.Http;

/// <summary>The members of a comma-separated field (RFC 9110 §5.6.1), commas in quoted strings left alone; empty members are skipped.</summary>
internal ref struct ListItems(ReadOnlySpan<byte> text)
{
    private ReadOnlySpan<byte> _rest = text;

    public ReadOnlySpan<byte> Current { get; private set; }

    public readonly ListItems GetEnumerator() => this;

    public bool MoveNext()
    {
        while (!_rest.IsEmpty)
        {
            var end = End(_rest);
            Current = _rest[..end].Trim(" \t"u8);
            _rest = end == _rest.Length ? default : _rest[(end + 1)..];
            if (!Current.IsEmpty)
            {
                return true;
            }
        }

        return false;
    }

    private static int End(ReadOnlySpan<byte> text)
    {
        var quoted = false;
        for (var i = 0; i < text.Length; i++)
        {
            switch (text[i])
            {
                case (byte)'"':
                    quoted = !quoted;
                    break;

                case (byte)'\\' when quoted:
                    i++;
                    break;

                case (byte)',' when !quoted:
                    return i;
            }
        }

        return text.Length;
    }
}
