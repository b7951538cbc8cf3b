namespace FilterProxy.Filters.Cache;

/// <summary>All that is kept under one key. Read without a lock; changed under its own.</summary>
internal sealed class Resource(byte[] key)
{
    private readonly Lock _gate = new();
    private volatile Slot[] _slots = [];
    private bool _isGone;

    public byte[] Key { get; } = key;

    public int Count => _slots.Length;

    /// <summary>What is kept now, the newest first.</summary>
    public IReadOnlyList<Slot> Slots => _slots;

    /// <summary>The newest answer that fits a request; null for none.</summary>
    public Slot? Find(HeaderMap request)
    {
        foreach (var slot in _slots)
        {
            if (slot.Response is { } response && (response.Vary is null || response.Vary.Matches(request)))
            {
                return slot;
            }
        }

        return null;
    }

    /// <summary>The Vary of what is kept, from which to tell which requests want the same; null where there is none.</summary>
    public VaryKey? AnyVary => _slots is [{ Response.Vary: { } vary }, ..] ? vary : null;

    /// <summary>Adds an answer in front of the others; those it replaces come back. False when the resource was taken out meanwhile.</summary>
    public bool TryAdd(Slot slot, int most, List<Slot> replaced)
    {
        lock (_gate)
        {
            if (_isGone)
            {
                return false;
            }

            var kept = new List<Slot> { slot };
            foreach (var other in _slots)
            {
                // An answer that depends on other fields, or on none, is from a time when the origin thought otherwise.
                var stays = other.Response is { } response && VaryKey.AreSiblings(response.Vary, slot.Response!.Vary) && kept.Count < most;
                (stays ? kept : replaced).Add(other);
            }

            _slots = [.. kept];
            return true;
        }
    }

    /// <summary>Puts another answer in the place of one; false when that is not there any more.</summary>
    public bool TryReplace(Slot old, Slot renewed)
    {
        lock (_gate)
        {
            var index = Array.IndexOf(_slots, old);
            if (index < 0)
            {
                return false;
            }

            var slots = _slots.ToArray();
            slots[index] = renewed;
            _slots = slots;
            return true;
        }
    }

    /// <summary>Takes an answer out. True when nothing is left: the resource is gone then.</summary>
    public bool Remove(Slot slot)
    {
        lock (_gate)
        {
            _slots = [.. _slots.Where(s => s != slot)];
            return _isGone = _slots.Length == 0;
        }
    }

    /// <summary>Takes all out.</summary>
    public Slot[] Clear()
    {
        lock (_gate)
        {
            var slots = _slots;
            _slots = [];
            _isGone = true;
            return slots;
        }
    }

    /// <summary>The place of one answer: what queues hold on to, while the answer itself goes when it is taken out.</summary>
    internal sealed class Slot(Resource owner, StoredResponse response)
    {
        private StoredResponse? _response = response;

        public Resource Owner { get; } = owner;

        public long Size { get; } = response.Size + owner.Key.Length;

        /// <summary>Null once it was taken out.</summary>
        public StoredResponse? Response => Volatile.Read(ref _response);

        /// <summary>True for the one who takes it out.</summary>
        public bool TryEmpty() => Interlocked.Exchange(ref _response, null) is not null;
    }
}
