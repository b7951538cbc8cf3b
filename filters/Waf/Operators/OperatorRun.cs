using FilterProxy.Filters.Waf.Language;

namespace FilterProxy.Filters.Waf.Operators;

/// <summary>What operators work with beside the value: reused over the rules of a transaction.</summary>
internal sealed class OperatorRun(IVariableLookup lookup)
{
    /// <summary>Up to ten groups, the whole match first.</summary>
    private const int MaxCaptures = 10;

    private readonly List<string> _captures = [];

    public IVariableLookup Lookup { get; } = lookup;

    /// <summary>What block lists answered; null where none is asked.</summary>
    public BlockLists? BlockLists { get; init; }

    /// <summary>Where addresses are; null where it is not known of any.</summary>
    public NetworkMap<Country>? Countries { get; init; }

    /// <summary>Where the last address looked up is.</summary>
    public Country? Country { get; set; }

    /// <summary>Whether the rule wants what was matched.</summary>
    public bool WantsCaptures { get; set; }

    public IReadOnlyList<string> Captures => _captures;

    public void Clear() => _captures.Clear();

    public void Capture(string text)
    {
        if (WantsCaptures && _captures.Count < MaxCaptures)
        {
            _captures.Add(text);
        }
    }
}
