using FilterProxy.Filters.Keys;

namespace FilterProxy.Filters.RateLimit;

/// <summary>What one limit took from a request and said to it.</summary>
internal struct Charge
{
    public KeyId Id;
    public long Cost;
    public Verdict Verdict;

    /// <summary>Whether the limit is for this request.</summary>
    public bool Applies;

    /// <summary>Whether the cost was taken, and is to be given back when another limit refuses.</summary>
    public bool IsTaken;
}
