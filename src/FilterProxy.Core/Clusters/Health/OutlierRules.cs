namespace FilterProxy.Core.Clusters.Health;

/// <summary>What makes an endpoint an outlier, and for how long it is ejected. Counts of 0 turn a rule off.</summary>
internal sealed record OutlierRules
{
    public int Consecutive5xx { get; init; } = 5;

    public int ConsecutiveGatewayErrors { get; init; }

    public int ConsecutiveLocalFailures { get; init; } = 5;

    /// <summary>Milliseconds between two looks at the success rates.</summary>
    public long Interval { get; init; } = 10_000;

    public long BaseEjection { get; init; } = 30_000;

    public long MaxEjection { get; init; } = 300_000;

    public int MaxEjectionPercent { get; init; } = 10;

    /// <summary>Standard deviations below the mean of all; 0 does not compare success rates.</summary>
    public double SuccessRateDeviations { get; init; } = 1.9;

    /// <summary>Endpoints with enough requests that it takes to compare.</summary>
    public int MinHosts { get; init; } = 5;

    /// <summary>Requests in an interval that are enough.</summary>
    public int MinRequests { get; init; } = 100;

    /// <summary>Percent of failed requests in an interval; 0 does not look.</summary>
    public int FailurePercent { get; init; }

    /// <summary>Whether a probe that succeeds ends an ejection.</summary>
    public bool ProbesReadmit { get; init; } = true;

    /// <summary>Milliseconds of the ejection in a row of this number.</summary>
    public long TimeFor(int ejections) => Math.Max(BaseEjection, Math.Min(MaxEjection, BaseEjection * ejections));
}
