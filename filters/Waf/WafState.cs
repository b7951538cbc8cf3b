using System.Collections.Concurrent;
using System.Text.Json;
using FilterProxy.Filters.Waf.Collections;
using FilterProxy.Filters.Waf.Engine;
using FilterProxy.Filters.Waf.Operators;

namespace FilterProxy.Filters.Waf;

/// <summary>What outlives other options: what rules remember, what block lists answered, and how often each rule matched.</summary>
internal sealed class WafState(TimeProvider time)
{
    private const int MaxRules = 5000;
    private const int MaxRulesShown = 100;

    private readonly ConcurrentDictionary<long, Tally> _rules = new();
    private readonly ConcurrentDictionary<long, bool> _givenUp = new();
    private long _inspected;
    private long _stopped;

    public PersistentStore Persistent { get; } = new(time);

    public BlockLists BlockLists { get; } = new(time);

    /// <summary>Whether this is the first time that a rule was given up.</summary>
    public bool IsNews(Rule rule) => _givenUp.TryAdd(rule.Id, true);

    public void WriteTo(Utf8JsonWriter writer, WafMode mode)
    {
        writer.WriteNumber("inspected", Volatile.Read(ref _inspected));
        writer.WriteNumber(mode == WafMode.Block ? "blocked" : "would_block", Volatile.Read(ref _stopped));
        writer.WriteNumber("block_list_failures", BlockLists.Failures);
        writer.WriteStartArray("given_up");
        foreach (var id in _givenUp.Keys.Order())
        {
            writer.WriteNumberValue(id);
        }

        writer.WriteEndArray();
        writer.WriteStartArray("matched");
        foreach (var (id, tally) in _rules.OrderByDescending(rule => rule.Value.Stopped).ThenByDescending(rule => rule.Value.Matched).Take(MaxRulesShown))
        {
            writer.WriteStartObject();
            writer.WriteNumber("rule", id);
            writer.WriteString("message", tally.Message);
            writer.WriteNumber("matches", tally.Matched);
            writer.WriteNumber("in_blocked", tally.Stopped);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

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
    private sealed class Tally(string message)
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
