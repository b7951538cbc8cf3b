using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Numerics;

namespace FilterProxy.Core.Routing;

/// <summary>
/// A hash table keyed by bytes and asked with spans: open addressing, filled while a route table is built and only read
/// afterwards. Its keys come from configuration, so a client cannot make them collide.
/// </summary>
internal sealed class ByteTable<TValue>
    where TValue : class
{
    private Entry[] _entries = new Entry[4];

    public int Count { get; private set; }

    public bool TryGet(ReadOnlySpan<byte> key, [NotNullWhen(true)] out TValue? value)
    {
        var hash = Hash(key);
        var entries = _entries;
        for (var i = (int)hash & (entries.Length - 1); ; i = (i + 1) & (entries.Length - 1))
        {
            ref readonly var entry = ref entries[i];
            value = entry.Value;
            if (value is null)
            {
                return false;
            }

            if (entry.Hash == hash && key.SequenceEqual(entry.Key))
            {
                return true;
            }
        }
    }

    public TValue GetOrAdd(byte[] key, Func<TValue> create)
    {
        if (TryGet(key, out var value))
        {
            return value;
        }

        // At most half full: a run ends soon.
        if ((Count + 1) * 2 > _entries.Length)
        {
            var old = _entries;
            _entries = new Entry[old.Length * 2];
            foreach (var entry in old)
            {
                if (entry.Value is not null)
                {
                    Insert(entry);
                }
            }
        }

        value = create();
        Insert(new Entry(Hash(key), key, value));
        Count++;
        return value;
    }

    private void Insert(Entry entry)
    {
        var i = (int)entry.Hash & (_entries.Length - 1);
        while (_entries[i].Value is not null)
        {
            i = (i + 1) & (_entries.Length - 1);
        }

        _entries[i] = entry;
    }

    private static uint Hash(ReadOnlySpan<byte> key)
    {
        const ulong Mix = 0x9E3779B97F4A7C15;
        var hash = (ulong)key.Length * Mix;
        for (; key.Length >= 8; key = key[8..])
        {
            hash = BitOperations.RotateLeft(hash ^ BinaryPrimitives.ReadUInt64LittleEndian(key), 29) * Mix;
        }

        ulong rest = 0;
        if (key.Length >= 4)
        {
            rest = BinaryPrimitives.ReadUInt32LittleEndian(key);
            key = key[4..];
        }

        foreach (var b in key)
        {
            rest = (rest << 8) | b;
        }

        hash = (hash ^ rest) * Mix;
        hash ^= hash >> 32;
        return (uint)(hash * Mix >> 32);
    }

    private readonly record struct Entry(uint Hash, byte[] Key, TValue? Value);
}
