using System.Globalization;
using FilterProxy.Filters.Waf.Collections;
using FilterProxy.Filters.Waf.Language;
using FilterProxy.Filters.Waf.Operators;

namespace FilterProxy.Filters.Waf.Engine;

/// <summary>What rules write: of this exchange, and of the records they have opened.</summary>
internal sealed partial class Transaction
{
    private readonly Dictionary<Variable, PersistentRecord> _records = [];
    private List<Action>? _deferred;
    private Task? _loading;

    /// <summary>Gives what a rule may write to a value; null for none.</summary>
    public void Assign(Variable collection, string key, string? text)
    {
        if (MapOf(collection) is { } map)
        {
            map[key] = text;
        }
        else
        {
            Write(collection, record =>
            {
                record.Assign(key, text);
                _around.Shared?.Assign(record, key, text);
            });
        }
    }

    /// <summary>Adds to a counter; one that is not there yet begins at 0.</summary>
    public void Add(Variable collection, string key, long amount)
    {
        if (MapOf(collection) is { } map)
        {
            map[key] = (Number.Parse(map[key]) + amount).ToString(CultureInfo.InvariantCulture);
        }
        else
        {
            Write(collection, record =>
            {
                if (record.Add(key, amount))
                {
                    _around.Shared?.Assign(record, key, null);
                }

                _around.Shared?.Add(record, key, amount);
            });
        }
    }

    public void Expire(Variable collection, string key, long seconds)
    {
        seconds = Math.Clamp(seconds, 0, int.MaxValue);
        Write(collection, record =>
        {
            record.Expire(key, seconds);
            _around.Shared?.Expire(record, key, seconds);
        });
    }

    public void Deprecate(Variable collection, string key, long amount, long seconds) => Write(collection, record =>
    {
        if (record.Deprecate(key, amount, seconds) is { } text)
        {
            _around.Shared?.Assign(record, key, text);
        }
    });

    /// <summary>Opens a record: rules read and write it from here on.</summary>
    public void Open(Variable collection, string key)
    {
        var record = _around.Records.Open(collection, key, Settings.CollectionTimeout);
        _records[collection] = record;
        if (_around.Shared is { } shared)
        {
            var load = shared.LoadAsync(record);
            _loading = _loading is null ? load : Task.WhenAll(_loading, load);
        }

        if (collection == Variable.Session)
        {
            Set(Variable.Sessionid, key);
        }
        else if (collection == Variable.User)
        {
            Set(Variable.Userid, key);
        }
    }

    /// <summary>The persistent record of a collection; null before a rule opened one.</summary>
    private PersistentRecord? RecordOf(Variable collection) => _records.GetValueOrDefault(collection);

    // What the rule that opens a record writes to it comes after what others have written.
    private void Write(Variable collection, Action<PersistentRecord> change)
    {
        if (RecordOf(collection) is not { } record)
        {
            return;
        }

        if (_loading is null)
        {
            change(record);
        }
        else
        {
            (_deferred ??= []).Add(() => change(record));
        }
    }

    private void WriteDeferred()
    {
        foreach (var write in _deferred ?? [])
        {
            write();
        }

        _deferred = null;
    }

    private ValueMap? MapOf(Variable collection) => collection switch
    {
        Variable.Tx => _tx,
        Variable.Env => _env,
        _ => null,
    };
}
