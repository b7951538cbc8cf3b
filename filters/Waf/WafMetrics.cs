using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using FilterProxy.Filters.Waf.Engine;

namespace FilterProxy.Filters.Waf;

/// <summary>What the firewall counts. Series are bounded by the rules there are.</summary>
internal sealed class WafMetrics
{
    private const int MaxTags = 100;

    private static readonly KeyValuePair<string, object?> Pass = new("result", "pass"), Block = new("result", "block"),
        WouldBlock = new("result", "would_block"), Error = new("result", "error");

    private readonly Counter<long> _exchanges;
    private readonly Counter<long> _matches;
    private readonly Counter<long> _tags;
    private readonly Counter<long> _records;
    private readonly ConcurrentDictionary<string, byte> _knownTags = new(StringComparer.Ordinal);

    public WafMetrics(Meter meter)
    {
        _exchanges = meter.CreateCounter<long>("filterproxy.waf.exchanges", "{exchange}", "Exchanges inspected, by what became of them: pass, would_block, block or error.");
        _matches = meter.CreateCounter<long>("filterproxy.waf.matches", "{match}", "Rules that matched and were logged, by rule and phase.");
        _records = meter.CreateCounter<long>("filterproxy.waf.records.failures", "{command}", "Commands about records shared through redis that were not done.");
        _tags = meter.CreateCounter<long>("filterproxy.waf.attacks", "{match}", "Rules that matched, by their tags that begin with attack-.");
    }

    public void CountExchange(Transaction transaction) => _exchanges.Add(
        1, transaction.Interception is not null ? Block : transaction.HasFailed ? Error : transaction.WouldIntercept is not null ? WouldBlock : Pass);

    /// <summary>Counts an exchange that could not be looked at, at all.</summary>
    public void CountError() => _exchanges.Add(1, Error);

    public void CountRecordFailure() => _records.Add(1);

    public void CountMatch(RuleMatch match)
    {
        _matches.Add(1, new("rule", match.Rule.Id), new("phase", match.Rule.Phase));
        foreach (var tag in match.Rule.Tags)
        {
            if (tag.Text.StartsWith("attack-", StringComparison.Ordinal) && (_knownTags.Count < MaxTags || _knownTags.ContainsKey(tag.Text)))
            {
                _knownTags.TryAdd(tag.Text, 0);
                _tags.Add(1, new KeyValuePair<string, object?>("tag", tag.Text));
            }
        }
    }
}
