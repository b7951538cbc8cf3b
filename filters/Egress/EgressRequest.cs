namespace FilterProxy.Filters.Egress;

/// <summary>What a client asked for: a destination, or why it is not asked any further.</summary>
/// <param name="Destination">Where to; null for nowhere.</param>
/// <param name="Refusal">The reason code of that.</param>
/// <param name="Answer">What the client is told then.</param>
internal readonly record struct EgressRequest(Destination? Destination, string Refusal, ReadOnlyMemory<byte> Answer = default)
{
    /// <summary>It left, or its time is over.</summary>
    public static readonly EgressRequest Unfinished = new(null, "client_closed");
}
