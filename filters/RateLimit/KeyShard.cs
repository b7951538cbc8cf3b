using FilterProxy.Filters.Keys;

namespace FilterProxy.Filters.RateLimit;

/// <summary>A part of a table of keys under a lock of its own: a hash table whose entries lie in pages, made when they are needed.</summary>
internal sealed class KeyShard
{
    private const int PageSize = 256;

    /// <summary>Entries looked at for one that is idle, per new key: bounded, and the next one goes on from there.</summary>
    private const int MostLooked = 16;

    private readonly int _capacity;
    private readonly int[] _buckets;
    private readonly KeyEntry[]?[] _pages;
    private readonly long[]?[]?[] _logs;
    private int _filled;
    private int _free = -1;
    private int _hand;

    public KeyShard(int capacity)
    {
        _capacity = capacity;
        _buckets = new int[(int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)capacity)];
        Array.Fill(_buckets, -1);
        _pages = new KeyEntry[(capacity + PageSize - 1) / PageSize][];
        _logs = new long[]?[_pages.Length][];
    }

    /// <summary>Held while anything of it is touched.</summary>
    public Lock Gate { get; } = new();

    public int Count { get; private set; }

    /// <summary>Keys that were forgotten because nothing of them counted any more.</summary>
    public long Reused { get; private set; }

    /// <summary>Entries there is memory for: all that are used are below.</summary>
    public int Filled => _filled;

    /// <summary>An entry by its number.</summary>
    public ref KeyEntry this[int index] => ref _pages[index / PageSize]![index % PageSize];

    /// <summary>The log of an entry, where there is one.</summary>
    public long[]? LogAt(int index) => _logs[index / PageSize]?[index % PageSize];

    /// <summary>The place of an entry's log.</summary>
    public ref long[]? LogOf(int index) => ref (_logs[index / PageSize] ??= new long[]?[PageSize])[index % PageSize];

    /// <summary>Where a key is; -1 for nowhere.</summary>
    public int Find(in KeyId id, uint hash)
    {
        var index = _buckets[hash & (uint)(_buckets.Length - 1)];
        while (index >= 0)
        {
            ref var entry = ref this[index];
            if (entry.Id == id)
            {
                return index;
            }

            index = entry.Next;
        }

        return -1;
    }

    /// <summary>Makes room for a key; -1 when there is none and every one looked at still counts.</summary>
    public int Add(in KeyId id, uint hash, ReadOnlySpan<byte> text, Meter meter, long now)
    {
        var index = Room(meter, now);
        if (index < 0)
        {
            return -1;
        }

        ref var entry = ref this[index];
        ref var bucket = ref _buckets[hash & (uint)(_buckets.Length - 1)];
        entry = new KeyEntry { Id = id, At = now, Next = bucket, IsUsed = true };
        if (!text.IsEmpty)
        {
            entry.TextLength = (byte)Math.Min(text.Length, KeyEntry.MostText);
            text[..entry.TextLength].CopyTo(entry.Text);
        }

        bucket = index;
        Count++;
        return index;
    }

    /// <summary>Forgets a key.</summary>
    public void Remove(int index)
    {
        ref var entry = ref this[index];
        Unlink(index, entry.Id.Spread());
        if (_logs[index / PageSize] is { } logs)
        {
            logs[index % PageSize] = null;
        }

        entry.IsUsed = false;
        entry.Next = _free;
        _free = index;
        Count--;
    }

    private int Room(Meter meter, long now)
    {
        if (_free < 0 && _filled < _capacity)
        {
            _pages[_filled / PageSize] ??= new KeyEntry[PageSize];
            return _filled++;
        }

        if (_free < 0)
        {
            Reclaim(meter, now);
        }

        var index = _free;
        if (index >= 0)
        {
            _free = this[index].Next;
        }

        return index;
    }

    private void Reclaim(Meter meter, long now)
    {
        for (var i = Math.Min(MostLooked, _capacity); i > 0; i--)
        {
            var index = _hand;
            _hand = (_hand + 1) % _capacity;
            if (meter.IsIdle(ref this[index], LogAt(index), now))
            {
                Remove(index);
                Reused++;
                return;
            }
        }
    }

    private void Unlink(int index, uint hash)
    {
        ref var at = ref _buckets[hash & (uint)(_buckets.Length - 1)];
        while (at != index)
        {
            at = ref this[at].Next;
        }

        at = this[index].Next;
    }
}
