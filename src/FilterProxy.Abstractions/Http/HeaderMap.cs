using System.Buffers;
using System.Text;

namespace FilterProxy;

/// <summary>
/// The header fields of one message, in order, as bytes: entries are offsets into the exchange's head block and edits append
/// to it, so reading and editing allocate nothing. Everything it hands out is valid until the exchange ends.
/// </summary>
/// <remarks>Not thread-safe. Names compare without case. String overloads are Latin-1 and allocate where they return one.</remarks>
public sealed partial class HeaderMap
{
    // With the first field: most maps of trailers never see one.
    private const int InitialSize = 32;

    private readonly HeadBlock _block;
    private HeaderEntry[] _entries = [];
    private ulong _present;

    internal HeaderMap(HeadBlock block) => _block = block;

    /// <summary>Number of field lines.</summary>
    public int Count { get; private set; }

    /// <summary>The first value of a field as text, or null. Setting null removes it.</summary>
    public string? this[string name]
    {
        get => TryGet(name, out var value) ? value : null;
        set
        {
            if (value is null)
            {
                Remove(name);
            }
            else
            {
                Set(name, value);
            }
        }
    }

    internal ReadOnlySpan<HeaderEntry> Entries => _entries.AsSpan(0, Count);

    internal HeadBlock Block => _block;

    /// <summary>Gives back the room for fields; there are none from here on.</summary>
    internal void Release()
    {
        Clear();
        if (_entries.Length > 0)
        {
            SpareArrays<HeaderEntry>.Return(_entries, InitialSize);
            _entries = [];
        }
    }

    /// <summary>Whether the field is present.</summary>
    public bool Contains(KnownHeader header) => (_present & KnownHeaders.Bit(header)) != 0;

    /// <summary>Whether the field is present.</summary>
    public bool Contains(ReadOnlySpan<byte> name) => IndexOf(name, 0) >= 0;

    /// <summary>The first value of a field, without surrounding white space.</summary>
    public bool TryGet(KnownHeader header, out ReadOnlySpan<byte> value) => TryGetAt(IndexOf(header, 0), out value);

    /// <inheritdoc cref="TryGet(KnownHeader, out ReadOnlySpan{byte})"/>
    public bool TryGet(ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value) => TryGetAt(IndexOf(name, 0), out value);

    /// <inheritdoc cref="TryGet(KnownHeader, out ReadOnlySpan{byte})"/>
    public bool TryGet(string name, out string value)
    {
        Span<byte> bytes = stackalloc byte[Latin1Stack];
        var found = TryGetAt(IndexOf(ToLatin1(name, bytes), 0), out var span);
        value = found ? Encoding.Latin1.GetString(span) : "";
        return found;
    }

    /// <summary>All values of a field, in order: <c>foreach (var value in headers.Values("vary"u8))</c>.</summary>
    public HeaderValues Values(ReadOnlySpan<byte> name) => new(this, KnownHeaders.Find(name), name);

    /// <inheritdoc cref="Values(ReadOnlySpan{byte})"/>
    public HeaderValues Values(KnownHeader header) => new(this, header, default);

    /// <summary>Replaces all values of a field by one; appends it if it was not there.</summary>
    /// <exception cref="ArgumentException">The name is no token, or the value holds CR, LF, NUL or another control byte.</exception>
    public void Set(KnownHeader header, ReadOnlySpan<byte> value) => SetCore(header, KnownHeaders.GetName(header), value);

    /// <inheritdoc cref="Set(KnownHeader, ReadOnlySpan{byte})"/>
    public void Set(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value) => SetCore(KnownHeaders.Find(name), name, value);

    /// <inheritdoc cref="Set(KnownHeader, ReadOnlySpan{byte})"/>
    public void Set(string name, string value)
    {
        Span<byte> nameBytes = stackalloc byte[Latin1Stack];
        Span<byte> valueBytes = stackalloc byte[Latin1Stack];
        Set(ToLatin1(name, nameBytes), ToLatin1(value, valueBytes));
    }

    /// <summary>Adds a field line, keeping those of the same name.</summary>
    /// <exception cref="ArgumentException">The name is no token, or the value holds CR, LF, NUL or another control byte.</exception>
    public void Append(KnownHeader header, ReadOnlySpan<byte> value) => AppendCore(header, KnownHeaders.GetName(header), value);

    /// <inheritdoc cref="Append(KnownHeader, ReadOnlySpan{byte})"/>
    public void Append(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value) => AppendCore(KnownHeaders.Find(name), name, value);

    /// <inheritdoc cref="Append(KnownHeader, ReadOnlySpan{byte})"/>
    public void Append(string name, string value)
    {
        Span<byte> nameBytes = stackalloc byte[Latin1Stack];
        Span<byte> valueBytes = stackalloc byte[Latin1Stack];
        Append(ToLatin1(name, nameBytes), ToLatin1(value, valueBytes));
    }

    /// <summary>Adds fields that were prepared, in their order and behind those there are. Nothing is checked or replaced.</summary>
    public void Append(PreparedFields fields)
    {
        ArgumentNullException.ThrowIfNull(fields);
        Reserve(Count + fields.Count);
        var start = _block.Append(fields.Lines);
        foreach (ref readonly var entry in fields.Entries)
        {
            ref var added = ref _entries[Count++];
            added = entry;
            added.NameStart += start;
            added.ValueStart += start;
        }

        _present |= fields.Present;
    }

    /// <summary>Removes all lines of a field. True if there were any.</summary>
    public bool Remove(KnownHeader header)
    {
        if (!Contains(header))
        {
            return false;
        }

        var kept = 0;
        for (var i = 0; i < Count; i++)
        {
            if (_entries[i].Known != header)
            {
                _entries[kept++] = _entries[i];
            }
        }

        Count = kept;
        _present &= ~KnownHeaders.Bit(header);
        return true;
    }

    /// <inheritdoc cref="Remove(KnownHeader)"/>
    public bool Remove(ReadOnlySpan<byte> name)
    {
        var known = KnownHeaders.Find(name);
        if (known != KnownHeader.Unknown)
        {
            return Remove(known);
        }

        var kept = 0;
        for (var i = 0; i < Count; i++)
        {
            if (_entries[i].Known != KnownHeader.Unknown || !HeaderName.Equals(NameOf(_entries[i]), name))
            {
                _entries[kept++] = _entries[i];
            }
        }

        var removed = kept != Count;
        Count = kept;
        return removed;
    }

    /// <inheritdoc cref="Remove(KnownHeader)"/>
    public bool Remove(string name)
    {
        Span<byte> bytes = stackalloc byte[Latin1Stack];
        return Remove(ToLatin1(name, bytes));
    }

    /// <summary>Removes every field.</summary>
    public void Clear()
    {
        Count = 0;
        _present = 0;
    }

    /// <summary>The fields in order.</summary>
    public Enumerator GetEnumerator() => new(this);

    /// <summary>Adds a field whose bytes stand in the block already; the parser has validated them.</summary>
    internal void AddParsed(in HeaderEntry entry)
    {
        if (Count == _entries.Length)
        {
            Reserve(Count + 1);
        }

        _entries[Count++] = entry;
        if (entry.Known != KnownHeader.Unknown)
        {
            _present |= KnownHeaders.Bit(entry.Known);
        }
    }

    /// <summary>Makes this an overlay: the same fields over the same block; edits on either side do not show on the other.</summary>
    internal void CopyFrom(HeaderMap other)
    {
        Reserve(other.Count);
        other.Entries.CopyTo(_entries);
        Count = other.Count;
        _present = other._present;
    }

    /// <summary>Makes room for that many fields in all.</summary>
    private void Reserve(int count)
    {
        if (count <= _entries.Length)
        {
            return;
        }

        var larger = count <= InitialSize ? SpareArrays<HeaderEntry>.Rent(InitialSize) : ArrayPool<HeaderEntry>.Shared.Rent(Math.Max(count, _entries.Length * 2));
        Entries.CopyTo(larger);
        if (_entries.Length > 0)
        {
            SpareArrays<HeaderEntry>.Return(_entries, InitialSize);
        }

        _entries = larger;
    }

    internal int IndexOf(KnownHeader header, int from)
    {
        if (header == KnownHeader.Unknown || (_present & KnownHeaders.Bit(header)) == 0)
        {
            return -1;
        }

        for (var i = from; i < Count; i++)
        {
            if (_entries[i].Known == header)
            {
                return i;
            }
        }

        return -1;
    }

    internal int IndexOf(ReadOnlySpan<byte> name, int from)
    {
        var known = KnownHeaders.Find(name);
        if (known != KnownHeader.Unknown)
        {
            return IndexOf(known, from);
        }

        for (var i = from; i < Count; i++)
        {
            ref readonly var entry = ref _entries[i];
            if (entry.Known == KnownHeader.Unknown && entry.NameLength == name.Length && HeaderName.Equals(NameOf(entry), name))
            {
                return i;
            }
        }

        return -1;
    }

    internal ReadOnlySpan<byte> NameOf(in HeaderEntry entry) => _block.Slice(entry.NameStart, entry.NameLength);

    internal ReadOnlySpan<byte> ValueOf(in HeaderEntry entry) => _block.Slice(entry.ValueStart, entry.ValueLength);

    private const int Latin1Stack = 256;

    private static ReadOnlySpan<byte> ToLatin1(string text, Span<byte> scratch)
    {
        foreach (var c in text)
        {
            if (c > 0xFF)
            {
                throw new ArgumentException("A header name or value given as text must be Latin-1; encode other text first.", nameof(text));
            }
        }

        var bytes = text.Length <= scratch.Length ? scratch[..text.Length] : new byte[text.Length];
        Encoding.Latin1.GetBytes(text, bytes);
        return bytes;
    }

    private bool TryGetAt(int index, out ReadOnlySpan<byte> value)
    {
        value = index < 0 ? default : ValueOf(_entries[index]);
        return index >= 0;
    }

    private void SetCore(KnownHeader known, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        var index = known != KnownHeader.Unknown ? IndexOf(known, 0) : IndexOf(name, 0);
        if (index < 0)
        {
            AppendCore(known, name, value);
            return;
        }

        // Written in place of the first line, so the order a client sees does not depend on who edits.
        var entry = Write(known, name, value);
        var kept = index + 1;
        for (var i = kept; i < Count; i++)
        {
            ref readonly var other = ref _entries[i];
            var same = known != KnownHeader.Unknown
                ? other.Known == known
                : other.Known == KnownHeader.Unknown && HeaderName.Equals(NameOf(other), name);
            if (!same)
            {
                _entries[kept++] = other;
            }
        }

        Count = kept;
        _entries[index] = entry;
    }

    private void AppendCore(KnownHeader known, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value) => AddParsed(Write(known, name, value));

    private HeaderEntry Write(KnownHeader known, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        if (name.Length > ushort.MaxValue || !HeaderName.IsToken(name))
        {
            throw new ArgumentException("A header name must be a token (RFC 9110 §5.1).", nameof(name));
        }

        value = value.Trim(" \t"u8);
        if (!HeaderName.IsValue(value))
        {
            throw new ArgumentException("A header value must not hold CR, LF, NUL or another control byte (RFC 9110 §5.5).", nameof(value));
        }

        // name or value may be spans of this very block: GetSpan keeps an outgrown buffer alive, so they stay readable.
        var span = _block.GetSpan(name.Length + value.Length + 4);
        var start = _block.Length;
        name.CopyTo(span);
        ": "u8.CopyTo(span[name.Length..]);
        value.CopyTo(span[(name.Length + 2)..]);
        "\r\n"u8.CopyTo(span[(name.Length + 2 + value.Length)..]);
        _block.Advance(name.Length + value.Length + 4);
        return new HeaderEntry
        {
            NameStart = start,
            NameLength = (ushort)name.Length,
            ValueStart = start + name.Length + 2,
            ValueLength = value.Length,
            Known = known,
            IsLine = true,
        };
    }
}
