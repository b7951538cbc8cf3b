using System.Collections.Concurrent;
using System.Text;

namespace FilterProxy.Filters.Cache;

/// <summary>What is kept in memory, by key, up to so many bytes. Lookups take no lock; what goes when it is full is decided shard by shard.</summary>
internal sealed class CacheStore
{
    private const int Shards = 16;

    private readonly ConcurrentDictionary<byte[], Resource> _resources = new(KeyComparer.Instance);
    private readonly ConcurrentDictionary<byte[], Resource>.AlternateLookup<ReadOnlySpan<byte>> _byBytes;
    private readonly EvictionQueue[] _queues = [.. Enumerable.Range(0, Shards).Select(_ => new EvictionQueue())];
    private readonly int[] _alive = new int[Shards];
    private long _bytes;
    private long _evictions;

    public CacheStore() => _byBytes = _resources.GetAlternateLookup<ReadOnlySpan<byte>>();

    /// <summary>The most bytes; the options may change it.</summary>
    public long Capacity { get; set; }

    /// <summary>The most answers under one key.</summary>
    public int MaxVariants { get; set; } = int.MaxValue;

    public long Bytes => Interlocked.Read(ref _bytes);

    public long Evictions => Interlocked.Read(ref _evictions);

    /// <summary>Answers kept.</summary>
    public int Count => _alive.Sum(n => Math.Max(0, n));

    /// <summary>All there is, while others change it.</summary>
    public IEnumerable<Resource> Resources => _resources.Select(pair => pair.Value);

    /// <summary>What is kept under a key; null for nothing.</summary>
    public Resource? Find(ReadOnlySpan<byte> key) => _byBytes.TryGetValue(key, out var resource) ? resource : null;

    /// <summary>Keeps an answer, in the place of one that fits the same requests. False where it is larger than all there may be.</summary>
    public bool Put(byte[] key, StoredResponse response)
    {
        if (response.Size + key.Length > Capacity)
        {
            return false;
        }

        var replaced = new List<Resource.Slot>();
        Resource.Slot slot;
        Resource resource;
        do
        {
            resource = _resources.GetOrAdd(key, static k => new Resource(k));
            slot = new Resource.Slot(resource, response);
        }
        while (!resource.TryAdd(slot, MaxVariants, replaced));

        Account(slot);
        foreach (var old in replaced)
        {
            Discount(old);
        }

        Shrink(ShardOf(key));
        return true;
    }

    /// <summary>Puts a renewed answer in the place of one; nothing where that was taken out meanwhile.</summary>
    public void Replace(Resource.Slot old, StoredResponse renewed)
    {
        var slot = new Resource.Slot(old.Owner, renewed);
        if (old.Owner.TryReplace(old, slot))
        {
            Account(slot);
            Discount(old);
            Shrink(ShardOf(old.Owner.Key));
        }
    }

    /// <summary>Takes an answer out.</summary>
    public void Remove(Resource.Slot slot)
    {
        if (slot.Owner.Remove(slot))
        {
            _resources.TryRemove(KeyValuePair.Create(slot.Owner.Key, slot.Owner));
        }

        Discount(slot);
    }

    /// <summary>Takes all answers under a key out; how many there were.</summary>
    public int Remove(ReadOnlySpan<byte> key) => Find(key) is { } resource ? Remove(resource) : 0;

    /// <summary>Takes out what a rule names; how many there were.</summary>
    public int RemoveWhere(Func<Resource, StoredResponse, bool> rule)
    {
        var count = 0;
        foreach (var (_, resource) in _resources)
        {
            foreach (var slot in resource.Slots)
            {
                if (slot.Response is { } response && rule(resource, response))
                {
                    Remove(slot);
                    count++;
                }
            }
        }

        return count;
    }

    /// <summary>The address of a key, without what else is part of it.</summary>
    public static string UrlOf(byte[] key)
    {
        var end = Array.IndexOf(key, (byte)'\n');
        return Encoding.Latin1.GetString(key, 0, end < 0 ? key.Length : end);
    }

    private static int ShardOf(byte[] key) => KeyComparer.Hash(key) & (Shards - 1);

    private int Remove(Resource resource)
    {
        var slots = resource.Clear();
        _resources.TryRemove(KeyValuePair.Create(resource.Key, resource));
        foreach (var slot in slots)
        {
            Discount(slot);
        }

        return slots.Length;
    }

    private void Account(Resource.Slot slot)
    {
        var shard = ShardOf(slot.Owner.Key);
        Interlocked.Add(ref _bytes, slot.Size);
        Interlocked.Increment(ref _alive[shard]);
        _queues[shard].Add(slot);
    }

    private void Discount(Resource.Slot slot)
    {
        if (slot.TryEmpty())
        {
            var shard = ShardOf(slot.Owner.Key);
            Interlocked.Add(ref _bytes, -slot.Size);
            _queues[shard].Tidy(Interlocked.Decrement(ref _alive[shard]));
        }
    }

    private void Shrink(int shard)
    {
        for (var tried = 0; Bytes > Capacity && tried < Shards; tried++, shard = (shard + 1) & (Shards - 1))
        {
            while (Bytes > Capacity && _queues[shard].Next() is { } slot)
            {
                Remove(slot);
                Interlocked.Increment(ref _evictions);
            }
        }
    }
}
