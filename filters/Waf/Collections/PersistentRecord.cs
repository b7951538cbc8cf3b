using System.Globalization;
using FilterProxy.Filters.Waf.Operators;

namespace FilterProxy.Filters.Waf.Collections;

/// <summary>What rules remember about one client, session or the like between exchanges. Several exchanges use it at a time.</summary>
internal sealed class PersistentRecord
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, (string Text, DateTimeOffset Expires)> _values = new(StringComparer.OrdinalIgnoreCase);
    private readonly TimeProvider _time;
    private readonly string _key;
    private readonly DateTimeOffset _created;
    private long _updates;

    public PersistentRecord(string key, TimeProvider time)
    {
        _key = key;
        _time = time;
        _created = time.GetUtcNow();
        LastUse = _created;
    }

    public DateTimeOffset LastUse { get; private set; }

    /// <summary>The values there are, those that have expired left out.</summary>
    public List<Value> Snapshot()
    {
        lock (_lock)
        {
            LastUse = _time.GetUtcNow();
            var values = new List<Value>(_values.Count + 4)
            {
                new("KEY", _key),
                new("IS_NEW", _updates == 0 ? "1" : "0"),
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
    /// <param name="change">Gives the new text for the old, null for none on either side.</param>
    public void Change(string key, Func<string?, string?> change)
    {
        lock (_lock)
        {
            LastUse = _time.GetUtcNow();
            var isKnown = _values.TryGetValue(key, out var old) && old.Expires > LastUse;
            var text = change(isKnown ? old.Text : null);
            _updates++;
            if (text is null)
            {
                _values.Remove(key);
            }
            else
            {
                _values[key] = (text, isKnown ? old.Expires : DateTimeOffset.MaxValue);
            }
        }
    }

    public void Expire(string key, long seconds)
    {
        lock (_lock)
        {
            if (_values.TryGetValue(key, out var value))
            {
                _values[key] = (value.Text, _time.GetUtcNow().AddSeconds(Math.Clamp(seconds, 0, int.MaxValue)));
            }
        }
    }

    /// <summary>Takes so much off a counter for every period since the last use (<c>deprecatevar</c>).</summary>
    public void Deprecate(string key, long amount, long seconds)
    {
        var periods = seconds <= 0 ? 0 : (long)(_time.GetUtcNow() - LastUse).TotalSeconds / seconds;
        if (periods > 0)
        {
            Change(key, old => old is null ? null : Math.Max(0, Number.Parse(old) - (periods * amount)).ToString(CultureInfo.InvariantCulture));
        }
    }
}
