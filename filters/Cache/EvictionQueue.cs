namespace FilterProxy.Filters.Cache;

/// <summary>
/// The order in which the answers of one shard go (S3-FIFO): newcomers wait in a short queue and leave from it unless they were used meanwhile;
/// the others go round in a long one. A hit only counts a use: no lock, no move.
/// </summary>
internal sealed class EvictionQueue
{
    private const int MostUses = 3;

    private readonly Lock _gate = new();
    private readonly Queue<Resource.Slot> _newcomers = new();
    private readonly Queue<Resource.Slot> _residents = new();
    private readonly Queue<int> _departed = new();
    private readonly HashSet<int> _remembered = [];
    private long _newcomerBytes;
    private long _residentBytes;

    /// <summary>Counts a use.</summary>
    public static void Touch(StoredResponse response)
    {
        if (response.Uses < MostUses)
        {
            response.Uses++;
        }
    }

    /// <summary>Takes an answer in. One that left lately, and is wanted again, is no newcomer.</summary>
    public void Add(Resource.Slot slot)
    {
        var hash = KeyComparer.Hash(slot.Owner.Key);
        lock (_gate)
        {
            if (_remembered.Contains(hash))
            {
                Enqueue(_residents, ref _residentBytes, slot);
            }
            else
            {
                Enqueue(_newcomers, ref _newcomerBytes, slot);
            }
        }
    }

    /// <summary>The next one to go; null when there is none. The caller takes it out.</summary>
    public Resource.Slot? Next()
    {
        lock (_gate)
        {
            while (_newcomers.Count + _residents.Count > 0)
            {
                var fromNewcomers = _residents.Count == 0 || (_newcomers.Count > 0 && _newcomerBytes * 9 >= _residentBytes);
                if ((fromNewcomers ? NextNewcomer() : NextResident()) is { } slot)
                {
                    return slot;
                }
            }

            return null;
        }
    }

    /// <summary>Forgets places that are empty, once they are many.</summary>
    public void Tidy(int alive)
    {
        lock (_gate)
        {
            if (_newcomers.Count + _residents.Count > (2 * alive) + 64)
            {
                Compact(_newcomers, ref _newcomerBytes);
                Compact(_residents, ref _residentBytes);
            }
        }
    }

    private static void Compact(Queue<Resource.Slot> queue, ref long bytes)
    {
        bytes = 0;
        for (var left = queue.Count; left > 0; left--)
        {
            var slot = queue.Dequeue();
            if (slot.Response is not null)
            {
                Enqueue(queue, ref bytes, slot);
            }
        }
    }

    private static void Enqueue(Queue<Resource.Slot> queue, ref long bytes, Resource.Slot slot)
    {
        queue.Enqueue(slot);
        bytes += slot.Size;
    }

    private Resource.Slot? NextNewcomer()
    {
        var slot = _newcomers.Dequeue();
        _newcomerBytes -= slot.Size;
        if (slot.Response is not { } response)
        {
            return null;
        }

        if (response.Uses > 0)
        {
            response.Uses = 0;
            Enqueue(_residents, ref _residentBytes, slot);
            return null;
        }

        Remember(KeyComparer.Hash(slot.Owner.Key));
        return slot;
    }

    private Resource.Slot? NextResident()
    {
        var slot = _residents.Dequeue();
        _residentBytes -= slot.Size;
        if (slot.Response is not { } response)
        {
            return null;
        }

        if (response.Uses > 0)
        {
            response.Uses--;
            Enqueue(_residents, ref _residentBytes, slot);
            return null;
        }

        return slot;
    }

    private void Remember(int hash)
    {
        if (!_remembered.Add(hash))
        {
            return;
        }

        _departed.Enqueue(hash);
        while (_departed.Count > Math.Max(64, _residents.Count))
        {
            _remembered.Remove(_departed.Dequeue());
        }
    }
}
