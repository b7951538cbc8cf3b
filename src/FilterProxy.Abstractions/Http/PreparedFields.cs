namespace FilterProxy;

/// <summary>
/// Header fields that are checked and laid out once, to be appended to any number of heads at the price of a copy: those of a kept response,
/// or ones that are always the same. Immutable, so any thread may use it.
/// </summary>
public sealed class PreparedFields
{
    /// <summary>None.</summary>
    public static readonly PreparedFields Empty = new(new HeaderMap(new HeadBlock()));

    private readonly byte[] _lines;
    private readonly HeaderEntry[] _entries;

    private PreparedFields(HeaderMap map)
    {
        var size = 0;
        foreach (ref readonly var entry in map.Entries)
        {
            size += entry.NameLength + entry.ValueLength + 4;
        }

        _lines = new byte[size];
        _entries = new HeaderEntry[map.Count];
        var at = 0;
        for (var i = 0; i < _entries.Length; i++)
        {
            ref readonly var from = ref map.Entries[i];
            ref var to = ref _entries[i];
            (to.Known, to.IsLine, to.NameLength, to.ValueLength) = (from.Known, true, from.NameLength, from.ValueLength);
            (to.NameStart, to.ValueStart) = (at, at + from.NameLength + 2);
            map.NameOf(from).CopyTo(_lines.AsSpan(at));
            ": "u8.CopyTo(_lines.AsSpan(at + from.NameLength));
            map.ValueOf(from).CopyTo(_lines.AsSpan(to.ValueStart));
            "\r\n"u8.CopyTo(_lines.AsSpan(to.ValueStart + to.ValueLength));
            at = to.LineEnd;
            Present |= KnownHeaders.Bit(to.Known);
        }
    }

    /// <summary>Number of field lines.</summary>
    public int Count => _entries.Length;

    /// <summary>Bytes of the lines as HTTP/1 sends them.</summary>
    public int Size => _lines.Length;

    internal ReadOnlySpan<byte> Lines => _lines;

    internal ReadOnlySpan<HeaderEntry> Entries => _entries;

    internal ulong Present { get; }

    /// <summary>Makes them of what is put into a map, which is empty at first and must not be kept.</summary>
    /// <param name="state">Given to <paramref name="fill"/>.</param>
    /// <param name="fill">Puts the fields in.</param>
    public static PreparedFields Build<TState>(TState state, Action<HeaderMap, TState> fill)
    {
        ArgumentNullException.ThrowIfNull(fill);
        var block = new HeadBlock();
        var map = new HeaderMap(block);
        try
        {
            fill(map, state);
            return new PreparedFields(map);
        }
        finally
        {
            map.Release();
            block.Release();
        }
    }

    /// <summary>The fields of a map as they are now.</summary>
    public static PreparedFields From(HeaderMap map)
    {
        ArgumentNullException.ThrowIfNull(map);
        return new PreparedFields(map);
    }

    /// <summary>Whether the field is present.</summary>
    public bool Contains(KnownHeader header) => header != KnownHeader.Unknown && (Present & KnownHeaders.Bit(header)) != 0;

    /// <summary>The first value of a field, without surrounding white space.</summary>
    public bool TryGet(KnownHeader header, out ReadOnlySpan<byte> value)
    {
        if (Contains(header))
        {
            foreach (var field in this)
            {
                if (field.Known == header)
                {
                    value = field.Value;
                    return true;
                }
            }
        }

        value = default;
        return false;
    }

    /// <summary>The fields in order.</summary>
    public Enumerator GetEnumerator() => new(this);

    /// <summary>Walks the fields in order.</summary>
    public ref struct Enumerator
    {
        private readonly PreparedFields _fields;
        private int _index;

        internal Enumerator(PreparedFields fields)
        {
            _fields = fields;
            _index = -1;
        }

        /// <summary>The field at the current place.</summary>
        public readonly HeaderMap.Field Current
        {
            get
            {
                ref readonly var entry = ref _fields._entries[_index];
                var lines = _fields._lines.AsSpan();
                return new HeaderMap.Field(
                    entry.Known, lines.Slice(entry.NameStart, entry.NameLength), lines.Slice(entry.ValueStart, entry.ValueLength));
            }
        }

        /// <summary>Goes to the next field.</summary>
        public bool MoveNext() => ++_index < _fields._entries.Length;
    }
}
