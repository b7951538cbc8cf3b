using System.Collections.Concurrent;
using FilterProxy.Filters.Keys;

namespace FilterProxy.Filters.Jail;

/// <summary>
/// Who has offended and who is banned; outlives a reload. Requests look into the bans without a lock; offences, which are rarer, are written down under
/// one. Both are bounded: when there is no room, who has the least on record is not written down, and that is counted.
/// </summary>
internal sealed class JailState
{
    private const int SweepEvery = 64;
    private readonly ConcurrentDictionary<KeyId, Ban> _bans = new(KeyIdComparer.Instance);
    private readonly Dictionary<KeyId, Record> _records = new(KeyIdComparer.Instance);
    private readonly Lock _gate = new();
    private long _overflows;
    private int _sinceSweep;

    // Counted apart: asking the dictionary takes all of its locks.
    private int _banCount;

    /// <summary>Made by the first filter that has it.</summary>
    public JailMetrics? Metrics { get; set; }

    /// <summary>Whether anybody is banned: as a rule nobody is.</summary>
    public bool HasBans => Volatile.Read(ref _banCount) != 0;

    public IEnumerable<Ban> Bans => _bans.Values;

    public int BanCount => Volatile.Read(ref _banCount);

    /// <summary>Offences there was no room for.</summary>
    public long Overflows => Interlocked.Read(ref _overflows);

    /// <summary>The ban of a client, if there is one that has not ended.</summary>
    public Ban? Find(in KeyId id, long now)
    {
        if (!_bans.TryGetValue(id, out var ban))
        {
            return null;
        }

        if (ban.Until > now)
        {
            return ban;
        }

        Remove(ban);
        return null;
    }

    /// <summary>Writes an offence down; the record when it was one too many, else null.</summary>
    public Record? Offend(in KeyId id, int weight, string proof, JailOptions options, long now)
    {
        lock (_gate)
        {
            if (!_records.TryGetValue(id, out var record))
            {
                if (_records.Count >= options.MaxKeys && !Sweep(options, now))
                {
                    Interlocked.Increment(ref _overflows);
                    return null;
                }

                _records[id] = record = new Record();
            }

            if (!record.Add(weight, proof, options.Max, options.Per.Ticks, now))
            {
                return null;
            }

            record.Clear();
            record.Bans++;
            return record;
        }
    }

    /// <summary>Keeps a client out; false when there is no room for more bans.</summary>
    public bool Add(Ban ban, int most, long now)
    {
        if (BanCount >= most && !_bans.ContainsKey(ban.Id))
        {
            foreach (var (_, old) in _bans)
            {
                if (old.Until <= now)
                {
                    Remove(old);
                }
            }

            if (BanCount >= most)
            {
                Interlocked.Increment(ref _overflows);
                return false;
            }
        }

        if (_bans.TryAdd(ban.Id, ban))
        {
            Interlocked.Increment(ref _banCount);
        }
        else
        {
            _bans[ban.Id] = ban;
        }

        return true;
    }

    /// <summary>Lets a client in again, with nothing on record.</summary>
    public Ban? Release(in KeyId id)
    {
        lock (_gate)
        {
            _records.Remove(id);
        }

        if (!_bans.TryRemove(id, out var ban))
        {
            return null;
        }

        Interlocked.Decrement(ref _banCount);
        return ban;
    }

    private void Remove(Ban ban)
    {
        if (_bans.TryRemove(new KeyValuePair<KeyId, Ban>(ban.Id, ban)))
        {
            Interlocked.Decrement(ref _banCount);
        }
    }

    // Who has been quiet is forgotten, with the number of his bans. Not at every turn: it looks at all.
    private bool Sweep(JailOptions options, long now)
    {
        if (++_sinceSweep < SweepEvery && _sinceSweep > 1)
        {
            return false;
        }

        _sinceSweep = 1;
        foreach (var (id, record) in _records)
        {
            if (record.IsIdle(options.Per.Ticks, now) && !_bans.ContainsKey(id))
            {
                _records.Remove(id);
            }
        }

        return _records.Count < options.MaxKeys;
    }
}
