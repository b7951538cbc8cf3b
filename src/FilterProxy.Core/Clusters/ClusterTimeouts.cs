namespace FilterProxy.Core.Clusters;

/// <summary>How long an upstream may take, in milliseconds; 0 for no limit.</summary>
/// <param name="ResponseHead">From the request being sent to its response head.</param>
/// <param name="Read">Between two reads of a response body.</param>
/// <param name="Write">For one write to make progress.</param>
internal sealed record ClusterTimeouts(long ResponseHead, long Read, long Write)
{
    /// <summary>From the beginning of an attempt to its response head.</summary>
    public long PerTry { get; init; }

    public static readonly ClusterTimeouts Default = new(60_000, 60_000, 60_000);
}
