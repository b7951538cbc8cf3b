using FilterProxy.Filters.Waf.Collections;
using FilterProxy.Filters.Waf.Operators;

namespace FilterProxy.Filters.Waf.Engine;

/// <summary>What transactions have in common beside the rules: memory, and those that are asked.</summary>
/// <param name="Records">What rules remember between exchanges.</param>
internal sealed record Surroundings(PersistentStore Records)
{
    /// <summary>Where instances remember together; null where each remembers for itself.</summary>
    public SharedRecords? Shared { get; init; }

    /// <summary>Block lists in the DNS; null where none is asked.</summary>
    public BlockLists? BlockLists { get; init; }

    /// <summary>Where addresses are; null where it is not known of any.</summary>
    public NetworkMap<Country>? Countries { get; init; }
}
