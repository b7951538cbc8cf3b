namespace FilterProxy;

/// <summary>The values of one field, in order, for <c>foreach</c>. Do not edit the map meanwhile.</summary>
public ref struct HeaderValues
{
    private readonly HeaderMap _map;
    private readonly KnownHeader _known;
    private readonly ReadOnlySpan<byte> _name;
    private int _index;

    internal HeaderValues(HeaderMap map, KnownHeader known, ReadOnlySpan<byte> name)
    {
        _map = map;
        _known = known;
        _name = name;
        _index = -1;
    }

    /// <summary>The value at the current place, without surrounding white space.</summary>
    public readonly ReadOnlySpan<byte> Current => _map.ValueOf(_map.Entries[_index]);

    /// <summary>Itself: the struct is its own enumerator.</summary>
    public readonly HeaderValues GetEnumerator() => this;

    /// <summary>Goes to the next value.</summary>
    public bool MoveNext()
    {
        var next = _known != KnownHeader.Unknown ? _map.IndexOf(_known, _index + 1) : _map.IndexOf(_name, _index + 1);
        if (next < 0)
        {
            return false;
        }

        _index = next;
        return true;
    }
}
