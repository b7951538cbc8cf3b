namespace FilterProxy.Filters.Cache;

/// <summary>Which files there are, by key, from the one used longest ago to the last. Asked only where memory has no answer.</summary>
internal sealed class DiskIndex
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, LinkedListNode<Entry>> _byName = [];
    private readonly Dictionary<byte[], List<string>> _byKey = new(KeyComparer.Instance);
    private readonly LinkedList<Entry> _order = new();
    private long _bytes;

    public long Bytes => Interlocked.Read(ref _bytes);

    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _byName.Count;
            }
        }
    }

    public bool Contains(byte[] key)
    {
        lock (_gate)
        {
            return _byKey.ContainsKey(key);
        }
    }

    /// <summary>The files of a key, which are the last to go now.</summary>
    public string[] Use(byte[] key)
    {
        lock (_gate)
        {
            if (!_byKey.TryGetValue(key, out var names))
            {
                return [];
            }

            foreach (var name in names)
            {
                var node = _byName[name];
                _order.Remove(node);
                _order.AddLast(node);
            }

            return [.. names];
        }
    }

    /// <summary>Adds a file, or takes its new size.</summary>
    public void Add(string name, byte[] key, string[] tags, long size)
    {
        lock (_gate)
        {
            RemoveCore(name);
            _byName[name] = _order.AddLast(new Entry(name, key, tags, size));
            if (!_byKey.TryGetValue(key, out var names))
            {
                _byKey[key] = names = [];
            }

            names.Add(name);
            _bytes += size;
        }
    }

    public void Remove(string name)
    {
        lock (_gate)
        {
            RemoveCore(name);
        }
    }

    /// <summary>Forgets what was used longest ago until no more than so many bytes are left; those are to be deleted.</summary>
    public List<string> MakeRoom(long most)
    {
        var names = new List<string>();
        lock (_gate)
        {
            while (_bytes > most && _order.First is { } oldest)
            {
                names.Add(oldest.Value.Name);
                RemoveCore(oldest.Value.Name);
            }
        }

        return names;
    }

    /// <summary>The files a rule names.</summary>
    public List<string> Where(Func<byte[], string[], bool> rule)
    {
        lock (_gate)
        {
            return [.. _order.Where(entry => rule(entry.Key, entry.Tags)).Select(entry => entry.Name)];
        }
    }

    private void RemoveCore(string name)
    {
        if (!_byName.Remove(name, out var node))
        {
            return;
        }

        _order.Remove(node);
        _bytes -= node.Value.Size;
        var names = _byKey[node.Value.Key];
        names.Remove(name);
        if (names.Count == 0)
        {
            _byKey.Remove(node.Value.Key);
        }
    }

    private sealed record Entry(string Name, byte[] Key, string[] Tags, long Size);
}
