using System.Collections.Concurrent;

namespace FilterProxy.Filters.OAuth2Login.Sessions;

/// <summary>
/// Logins that have ended before their time: by a login, by a session at the provider, or all of a user up to now. A cookie cannot be called back, so
/// each request asks here. Bounded: when it is full, every login made so far ends instead of one being forgotten.
/// </summary>
internal sealed class EndedLogins(int max)
{
    private readonly ConcurrentDictionary<UInt128, Ended> _ended = new();
    private readonly Lock _gate = new();
    private long _allBefore = long.MinValue;
    private volatile bool _any;

    public int Count => _ended.Count;

    /// <summary>Ends what a key names, as far as it began by now.</summary>
    /// <param name="key">A key of a <see cref="Session"/>.</param>
    /// <param name="now">Unix milliseconds.</param>
    /// <param name="keep">Unix milliseconds until which a login that has ended could still be shown.</param>
    /// <returns>False when the table was full, and all logins have ended.</returns>
    public bool End(UInt128 key, long now, long keep)
    {
        lock (_gate)
        {
            if (_ended.Count >= max)
            {
                foreach (var entry in _ended.Where(entry => entry.Value.Keep <= now))
                {
                    _ended.TryRemove(entry);
                }
            }

            if (_ended.Count >= max)
            {
                _allBefore = now;
                _ended.Clear();
                return false;
            }

            _ended[key] = new Ended(now, keep);
            _any = true;
            return true;
        }
    }

    /// <summary>Whether a login has ended. Allocates nothing.</summary>
    public bool Has(Session session)
    {
        if (session.Data.Created <= Volatile.Read(ref _allBefore))
        {
            return true;
        }

        return _any && (_ended.ContainsKey(session.Key)
            || (session.SidKey != 0 && _ended.ContainsKey(session.SidKey))
            || (_ended.TryGetValue(session.SubjectKey, out var all) && session.Data.Created <= all.At));
    }

    private readonly record struct Ended(long At, long Keep);
}
