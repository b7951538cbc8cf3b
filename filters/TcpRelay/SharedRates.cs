namespace FilterProxy.Filters.TcpRelay;

/// <summary>The rates of several connections by what they have in common; a key is forgotten with its last connection.</summary>
internal sealed class SharedRates(ByteSize? upload, ByteSize? download, TimeProvider time)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Entry> _entries = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Keys with connections now.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _entries.Count;
            }
        }
    }

    /// <summary>The rates of a key, for one more connection; <see cref="Leave"/> follows.</summary>
    public (ByteRate? Upload, ByteRate? Download) Enter(string key)
    {
        lock (_lock)
        {
            if (!_entries.TryGetValue(key, out var entry))
            {
                _entries[key] = entry = new Entry(
                    upload is { } up ? new ByteRate(up.Bytes, time) : null, download is { } down ? new ByteRate(down.Bytes, time) : null);
            }

            entry.Connections++;
            return (entry.Upload, entry.Download);
        }
    }

    public void Leave(string key)
    {
        lock (_lock)
        {
            if (--_entries[key].Connections == 0)
            {
                _entries.Remove(key);
            }
        }
    }

    private sealed class Entry(ByteRate? upload, ByteRate? download)
    {
        public ByteRate? Upload => upload;

        public ByteRate? Download => download;

        public int Connections { get; set; }
    }
}
