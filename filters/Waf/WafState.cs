using System.Collections.Concurrent;
using FilterProxy.Filters.Waf.Collections;
using FilterProxy.Filters.Waf.Engine;

namespace FilterProxy.Filters.Waf;

/// <summary>What outlives other options: what rules remember, and how often each matched.</summary>
internal sealed class WafState(TimeProvider time)
{
    private const int MaxRules = 5000;

    private readonly ConcurrentDictionary<long, Tally> _rules = new();
    private long _inspected;
    private long _stopped;

    public PersistentStore Persistent { get; } = new(time);

    public long Inspected => Volatile.Read(ref _inspected);

    /// <summary>Exchanges that were stopped, or would have been.</summary>
    public long Stopped => Volatile.Read(ref _stopped);

    /// <summary>The rules that matched, those first that decided most.</summary>
    public IEnumerable<(long Id, Tally Tally)> Rules =>
        _rules.Select(item => (item.Key, item.Value)).OrderByDescending(item => item.Value.Stopped).ThenByDescending(item => item.Value.Matched);

    public void Note(Transaction transaction)
    {
        Interlocked.Increment(ref _inspected);
        var isStopped = transaction.WouldIntercept is not null;
        if (isStopped)
        {
            Interlocked.Increment(ref _stopped);
        }

        foreach (var match in transaction.Matches)
        {
            if (_rules.Count < MaxRules || _rules.ContainsKey(match.Rule.Id))
            {
                _rules.GetOrAdd(match.Rule.Id, _ => new Tally(match.Rule.Message?.Text ?? "")).Count(isStopped);
            }
        }
    }

    /// <summary>How often a rule matched.</summary>
    public sealed class Tally(string message)
    {
        private long _matched;
        private long _stopped;

        public string Message { get; } = message;

        public long Matched => Volatile.Read(ref _matched);

        /// <summary>In exchanges that were stopped, or would have been.</summary>
        public long Stopped => Volatile.Read(ref _stopped);

        public void Count(bool isStopped)
        {
            Interlocked.Increment(ref _matched);
            if (isStopped)
            {
                Interlocked.Increment(ref _stopped);
            }
        }
    }
}
