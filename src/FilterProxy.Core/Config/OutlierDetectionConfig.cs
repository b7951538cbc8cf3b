using System.ComponentModel.DataAnnotations;

namespace FilterProxy.Core.Config;

/// <summary>When an endpoint is left out for a while because of how it answers. The defaults are Envoy's; a count of 0 turns a rule off.</summary>
internal sealed record OutlierDetectionConfig
{
    /// <summary>Statuses of 500 and above in a row, failures before an answer among them. Default: 5.</summary>
    [Range(0, 1_000_000, ErrorMessage = "must be between 0 and 1000000")]
    [System.Text.Json.Serialization.JsonPropertyName("consecutive_5xx")]
    public int Consecutive5xx { get; init; } = 5;

    /// <summary>Statuses 502, 503 and 504 in a row, failures before an answer among them. Default: 0.</summary>
    [Range(0, 1_000_000, ErrorMessage = "must be between 0 and 1000000")]
    public int ConsecutiveGatewayErrors { get; init; }

    /// <summary>Connects that failed, connections that broke and timeouts in a row. Default: 5.</summary>
    [Range(0, 1_000_000, ErrorMessage = "must be between 0 and 1000000")]
    public int ConsecutiveLocalFailures { get; init; } = 5;

    /// <summary>Duration between two looks at the rates below. Default: 10s.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Duration of the first ejection; it grows by this with each one that follows. Default: 30s.</summary>
    public TimeSpan BaseEjectionTime { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Duration of the longest ejection. Default: 5m.</summary>
    public TimeSpan MaxEjectionTime { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Percent of the endpoints that may be out at a time; one always may, if there is another. Default: 10.</summary>
    [Range(0, 100, ErrorMessage = "must be between 0 and 100")]
    public int MaxEjectionPercent { get; init; } = 10;

    /// <summary>
    /// Standard deviations an endpoint's success rate may lie below the mean of all; 0 does not compare. Default: 1.9.
    /// </summary>
    [Range(0, 100, ErrorMessage = "must be between 0 and 100")]
    public double SuccessRateDeviations { get; init; } = 1.9;

    /// <summary>Percent of an endpoint's requests that fail in an interval; 0 does not look. Default: 0.</summary>
    [Range(0, 100, ErrorMessage = "must be between 0 and 100")]
    public int FailurePercentage { get; init; }

    /// <summary>Endpoints with enough requests that the rates take. Default: 5.</summary>
    [Range(1, 10_000, ErrorMessage = "must be between 1 and 10000")]
    public int MinHosts { get; init; } = 5;

    /// <summary>Requests of an endpoint in an interval that are enough. Default: 100.</summary>
    [Range(1, 1_000_000, ErrorMessage = "must be between 1 and 1000000")]
    public int MinRequests { get; init; } = 100;

    /// <summary>Whether a health check that succeeds ends an ejection. Default: true.</summary>
    public bool HealthCheckReadmits { get; init; } = true;
}
