using FilterProxy.Filters.Keys;

namespace FilterProxy.Filters.RateLimit;

/// <summary>
/// The keys of one limit and what is counted of each. Its shards have a lock each; two keys seldom meet. It is bounded and exact: a key is only
/// forgotten when that changes nothing, so nobody gets a fresh allowance by pushing others, or himself, out. What has no room shares one
/// allowance.
/// </summary>
internal sealed class KeyTable
{
    private const int MostShards = 64, LeastShard = 1024;
    private readonly KeyShard[] _shards;
    private readonly int _shift;
    private readonly Lock _sharedGate = new();
    private KeyEntry _shared;
    private long[]? _sharedLog;
    private long[]? _noLog;
    private volatile Meter _meter;
    private long _overflows;

    public KeyTable(Meter meter, int capacity)
    {
        _meter = meter;
        Capacity = capacity;
        var shards = Math.Clamp((int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)(capacity / LeastShard)), 1, MostShards);
        _shift = 32 - System.Numerics.BitOperations.Log2((uint)shards);
        _shards = new KeyShard[shards];
        for (var i = 0; i < shards; i++)
        {
            _shards[i] = new KeyShard((capacity + shards - 1) / shards);
        }
    }

    public int Capacity { get; }

    public Meter Meter => _meter;

    public int Count => _shards.Sum(shard => shard.Count);

    /// <summary>Keys forgotten for others when nothing of them counted any more.</summary>
    public long Reused => _shards.Sum(shard => shard.Reused);

    /// <summary>Requests whose key had no room.</summary>
    public long Overflows => Interlocked.Read(ref _overflows);

    /// <summary>Uses up the cost of a key, where there is as much left.</summary>
    /// <param name="id">The key.</param>
    /// <param name="text">The key as it is shown; empty for an address.</param>
    /// <param name="cost">At least 1.</param>
    /// <param name="now">Ticks of the monotonic clock.</param>
    /// <param name="mode">What it is held against.</param>
    /// <param name="whenFull">What becomes of a key there is no room for.</param>
    public Verdict Take(in KeyId id, ReadOnlySpan<byte> text, long cost, long now, CountMode mode, FullTable whenFull)
    {
        var hash = id.Spread();
        var shard = ShardOf(hash);
        var share = mode == CountMode.Share;
        lock (shard.Gate)
        {
            var meter = _meter;
            var index = shard.Find(id, hash);
            if (index < 0)
            {
                index = shard.Add(id, hash, text, meter, now);
            }

            if (index >= 0)
            {
                ref var entry = ref shard[index];
                if (entry.BlockedUntil > now)
                {
                    return new Verdict(false, 0, entry.BlockedUntil - now, entry.BlockedUntil - now);
                }

                ref var log = ref meter.Algorithm == RateAlgorithm.SlidingLog ? ref shard.LogOf(index) : ref _noLog;
                var verdict = meter.Take(ref entry, ref log, cost, now, share);
                return mode == CountMode.Ahead && !verdict.IsAllowed && meter is not BucketMeter ? Verdict.Open : verdict;
            }
        }

        Interlocked.Increment(ref _overflows);
        if (mode == CountMode.Ahead)
        {
            return Verdict.Open;
        }

        if (whenFull == FullTable.Refuse)
        {
            return new Verdict(false, 0, _meter.Per, _meter.Per);
        }

        lock (_sharedGate)
        {
            return _meter.Take(ref _shared, ref _sharedLog, cost, now, share);
        }
    }

    /// <summary>Gives back what a request took that was refused after all.</summary>
    public void Return(in KeyId id, long cost)
    {
        var hash = id.Spread();
        var shard = ShardOf(hash);
        lock (shard.Gate)
        {
            if (shard.Find(id, hash) is >= 0 and var index)
            {
                _meter.Return(ref shard[index], shard.LogAt(index), cost);
            }
        }
    }

    /// <summary>Refuses a key without asking anybody, for as long as redis would.</summary>
    public void Block(in KeyId id, long until)
    {
        var hash = id.Spread();
        var shard = ShardOf(hash);
        lock (shard.Gate)
        {
            if (shard.Find(id, hash) is >= 0 and var index)
            {
                shard[index].BlockedUntil = until;
            }
        }
    }

    /// <summary>Forgets what was counted of a key; false when there is none.</summary>
    public bool Reset(in KeyId id)
    {
        var hash = id.Spread();
        var shard = ShardOf(hash);
        lock (shard.Gate)
        {
            if (shard.Find(id, hash) is not (>= 0 and var index))
            {
                return false;
            }

            shard.Remove(index);
            return true;
        }
    }

    /// <summary>Forgets all that was counted.</summary>
    public int ResetAll()
    {
        var count = 0;
        foreach (var shard in _shards)
        {
            lock (shard.Gate)
            {
                for (var i = 0; i < shard.Filled; i++)
                {
                    if (shard[i].IsUsed)
                    {
                        shard.Remove(i);
                        count++;
                    }
                }
            }
        }

        lock (_sharedGate)
        {
            (_shared, _sharedLog) = (default, null);
        }

        return count;
    }

    /// <summary>Calls for every key, one shard after the other: only that one waits.</summary>
    public void Visit(long now, Action<KeyEntry, long> visit)
    {
        foreach (var shard in _shards)
        {
            lock (shard.Gate)
            {
                for (var i = 0; i < shard.Filled; i++)
                {
                    ref var entry = ref shard[i];
                    if (entry.IsUsed)
                    {
                        visit(entry, _meter.UsedBy(ref entry, shard.LogAt(i), now));
                    }
                }
            }
        }
    }

    /// <summary>Goes on by other rules: what is used stays used.</summary>
    public void Use(Meter meter, long now)
    {
        var before = _meter;
        if (before.Algorithm == meter.Algorithm && before.Rate == meter.Rate && before.Per == meter.Per && before.Capacity == meter.Capacity && before.Instances == meter.Instances)
        {
            return;
        }

        var hasLogs = before.Algorithm == RateAlgorithm.SlidingLog || meter.Algorithm == RateAlgorithm.SlidingLog;

        // All of them at once: an entry must not be read by rules it was not written by.
        foreach (var shard in _shards)
        {
            shard.Gate.Enter();
        }

        lock (_sharedGate)
        {
            foreach (var shard in _shards)
            {
                for (var i = 0; i < shard.Filled; i++)
                {
                    ref var entry = ref shard[i];
                    if (entry.IsUsed)
                    {
                        var used = before.UsedBy(ref entry, shard.LogAt(i), now);
                        ref var log = ref hasLogs ? ref shard.LogOf(i) : ref _noLog;
                        meter.Begin(ref entry, ref log, used, now);
                    }
                }
            }

            meter.Begin(ref _shared, ref _sharedLog, before.UsedBy(ref _shared, _sharedLog, now), now);
            _meter = meter;
        }

        foreach (var shard in _shards)
        {
            shard.Gate.Exit();
        }
    }

    /// <summary>Takes over what another table has counted, by this one's rules. Requests meanwhile are counted there.</summary>
    public void CopyFrom(KeyTable other, long now)
    {
        var entries = new List<(KeyEntry Entry, long Used)>();
        other.Visit(now, (entry, used) => entries.Add((entry, used)));
        foreach (var (entry, used) in entries)
        {
            var hash = entry.Id.Spread();
            var shard = ShardOf(hash);
            lock (shard.Gate)
            {
                if (used > 0 && shard.Find(entry.Id, hash) < 0 && shard.Add(entry.Id, hash, ((ReadOnlySpan<byte>)entry.Text)[..entry.TextLength], _meter, now) is >= 0 and var index)
                {
                    ref var log = ref _meter.Algorithm == RateAlgorithm.SlidingLog ? ref shard.LogOf(index) : ref _noLog;
                    _meter.Begin(ref shard[index], ref log, used, now);
                }
            }
        }
    }

    private KeyShard ShardOf(uint hash) => _shards[_shift == 32 ? 0 : hash >> _shift];
}
