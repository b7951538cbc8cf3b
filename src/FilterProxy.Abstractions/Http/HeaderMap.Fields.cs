namespace FilterProxy;

/// <summary>The fields as they are walked through.</summary>
public sealed partial class HeaderMap
{
    /// <summary>One field of a map.</summary>
    public readonly ref struct Field
    {
        internal Field(KnownHeader known, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
        {
            Known = known;
            Name = name;
            Value = value;
        }

        /// <summary>Its class, or <see cref="KnownHeader.Unknown"/>.</summary>
        public KnownHeader Known { get; }

        /// <summary>The name as it was written.</summary>
        public ReadOnlySpan<byte> Name { get; }

        /// <summary>The value without surrounding white space.</summary>
        public ReadOnlySpan<byte> Value { get; }
    }

    /// <summary>Walks the fields in order. Do not edit the map meanwhile.</summary>
    public ref struct Enumerator
    {
        private readonly HeaderMap _map;
        private int _index;

        internal Enumerator(HeaderMap map)
        {
            _map = map;
            _index = -1;
        }

        /// <summary>The field at the current place.</summary>
        public readonly Field Current
        {
            get
            {
                ref readonly var entry = ref _map._entries[_index];
                return new Field(entry.Known, _map.NameOf(entry), _map.ValueOf(entry));
            }
        }

        /// <summary>Goes to the next field.</summary>
        public bool MoveNext() => ++_index < _map.Count;
    }
}
