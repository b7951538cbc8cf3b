using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;

namespace FilterProxy.Filters.OAuth2Login.Sessions;

/// <summary>
/// A bounded table that forgets what was not used for longest, roughly: two halves, of which the elder goes when the younger is full. Reading
/// allocates nothing.
/// </summary>
internal sealed class Generations<TValue>(int max)
    where TValue : class
{
    private readonly Lock _gate = new();
    private readonly int _half = Math.Max(1, max / 2);
    private volatile ConcurrentDictionary<UInt128, TValue> _young = new();
    private volatile ConcurrentDictionary<UInt128, TValue> _old = new();
    private int _youngCount;

    /// <summary>How many there are, at most.</summary>
    public int Count => _young.Count + _old.Count;

    public bool TryGet(UInt128 key, [NotNullWhen(true)] out TValue? value)
    {
        if (_young.TryGetValue(key, out value))
        {
            return true;
        }

        if (_old.TryRemove(key, out value))
        {
            Set(key, value);
            return true;
        }

        return false;
    }

    public void Set(UInt128 key, TValue value)
    {
        if (_young.TryAdd(key, value))
        {
            Grown();
        }
        else
        {
            _young[key] = value;
        }
    }

    /// <summary>Adds it unless it is there.</summary>
    public bool TryAdd(UInt128 key, TValue value)
    {
        // Nothing may fall between the halves while both are asked.
        lock (_gate)
        {
            if (_old.ContainsKey(key) || !_young.TryAdd(key, value))
            {
                return false;
            }

            Grown();
            return true;
        }
    }

    /// <summary>What is there, or what is put there now: the same for all who ask at once.</summary>
    public TValue GetOrAdd<TState>(UInt128 key, Func<TState, TValue> create, TState state)
    {
        if (TryGet(key, out var found))
        {
            return found;
        }

        var made = create(state);
        while (!_young.TryAdd(key, made))
        {
            if (TryGet(key, out found))
            {
                return found;
            }
        }

        Grown();
        return made;
    }

    public bool Remove(UInt128 key) => _young.TryRemove(key, out _) | _old.TryRemove(key, out _);

    /// <summary>Removes it if it is still this one.</summary>
    public void Remove(UInt128 key, TValue value)
    {
        _young.TryRemove(KeyValuePair.Create(key, value));
        _old.TryRemove(KeyValuePair.Create(key, value));
    }

    /// <summary>Removes all of which a condition holds.</summary>
    public void RemoveWhere(Func<TValue, bool> condition)
    {
        foreach (var half in (ReadOnlySpan<ConcurrentDictionary<UInt128, TValue>>)[_young, _old])
        {
            foreach (var entry in half)
            {
                if (condition(entry.Value))
                {
                    half.TryRemove(entry);
                }
            }
        }
    }

    private void Grown()
    {
        if (Interlocked.Increment(ref _youngCount) < _half)
        {
            return;
        }

        lock (_gate)
        {
            if (_youngCount >= _half)
            {
                _old = _young;
                _young = new ConcurrentDictionary<UInt128, TValue>();
                _youngCount = 0;
            }
        }
    }
}
