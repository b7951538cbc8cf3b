using System.Globalization;
using FilterProxy.Filters.Waf.Language;
using FilterProxy.Filters.Waf.Operators;

namespace FilterProxy.Filters.Waf.Collections;

/// <summary>What rules remember about one client, session or the like between exchanges. Several exchanges use it at a time.</summary>
internal sealed class PersistentRecord
{
    private readonly Lock _lock = new();
    private readonly TimeProvider _time;
    private readonly DateTimeOffset _created;
    private Dictionary<string, (string Text, DateTimeOffset Expires)> _values = new(StringComparer.OrdinalIgnoreCase);
    private long _updates;

    public PersistentRecord(Variable collection, string key, TimeProvider time)
    {
        Collection = collection;
        Key = key;
        _time = time;
        _created = time.GetUtcNow();
        LastUse = _created;
    }

    public Variable Collection { get; }

    public string Key { get; }

    public DateTimeOffset LastUse { get; private set; }

    /// <summary>The values there are, those that have expired left out.</summary>
    public List<Value> Snapshot()
    {
        lock (_lock)
        {
            LastUse = _time.GetUtcNow();
            var values = new List<Value>(_values.Count + 4)
            {
                new("KEY", Key),
                new("IS_NEW", _updates == 0 && _values.Count == 0 ? "1" : "0"),
                new("CREATE_TIME", _created.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture)),
                new("UPDATE_COUNTER", _updates.ToString(CultureInfo.InvariantCulture)),
            };
            foreach (var (key, value) in _values)
            {
                if (value.Expires > LastUse)
                {
                    values.Add(new Value(key, value.Text));
                }
            }

            return values;
        }
    }

    /// <param name="key">Which value.</param>
    /// <param name="text">What it becomes; null for none.</param>
    public void Assign(string key, string? text)
    {
        lock (_lock)
        {
            Put(key, text);
        }
    }

    /// <summary>Adds to a counter.</summary>
    /// <returns>Whether one had expired: it begins anew.</returns>
    public bool Add(string key, long amount)
    {
        lock (_lock)
        {
            var old = Find(key);
            var hasExpired = old is null && _values.ContainsKey(key);
            Put(key, (Number.Parse(old) + amount).ToString(CultureInfo.InvariantCulture));
            return hasExpired;
        }
    }

    public void Expire(string key, long seconds)
    {
        lock (_lock)
        {
            if (_values.TryGetValue(key, out var value))
            {
                _values[key] = (value.Text, _time.GetUtcNow().AddSeconds(seconds));
            }
        }
    }

    /// <summary>Takes so much off a counter for every period since the last use (<c>deprecatevar</c>).</summary>
    /// <returns>What it is now; null where it stays as it was.</returns>
    public string? Deprecate(string key, long amount, long seconds)
    {
        lock (_lock)
        {
            var periods = seconds <= 0 ? 0 : (long)(_time.GetUtcNow() - LastUse).TotalSeconds / seconds;
            if (periods == 0 || Find(key) is not { } old)
            {
                return null;
            }

            var text = Math.Max(0, Number.Parse(old) - (periods * amount)).ToString(CultureInfo.InvariantCulture);
            Put(key, text);
            return text;
        }
    }

    /// <summary>Takes over what another memory has.</summary>
    public void Replace(Dictionary<string, (string Text, DateTimeOffset Expires)> values)
    {
        lock (_lock)
        {
            _values = values;
        }
    }

    private string? Find(string key) => _values.TryGetValue(key, out var value) && value.Expires > _time.GetUtcNow() ? value.Text : null;

    private void Put(string key, string? text)
    {
        var isKnown = Find(key) is not null;
        LastUse = _time.GetUtcNow();
        _updates++;
        if (text is null)
        {
            _values.Remove(key);
        }
        else
        {
            _values[key] = (text, isKnown ? _values[key].Expires : DateTimeOffset.MaxValue);
        }
    }
}
