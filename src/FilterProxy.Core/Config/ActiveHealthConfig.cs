using System.ComponentModel.DataAnnotations;
using FilterProxy.Core.Config.Schema;

namespace FilterProxy.Core.Config;

/// <summary>Probes of a cluster's endpoints. The first of each is made at once, and believed at once.</summary>
internal sealed record ActiveHealthConfig
{
    /// <summary>What is probed: <c>tcp</c>, <c>http</c> or <c>grpc</c>, with its options.</summary>
    [ComponentKind(typeof(IHealthCheck))]
    public required ComponentConfig Check { get; init; }

    /// <summary>Duration between two probes of an endpoint. Default: 10s.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Percent of the interval that is added at random, so that several proxies do not probe together. Default: 10.</summary>
    [Range(0, 100, ErrorMessage = "must be between 0 and 100")]
    public int Jitter { get; init; } = 10;

    /// <summary>Duration of a probe, connecting included; over it the probe has failed. Default: 2s.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Probes in a row that make an unhealthy endpoint healthy. Default: 2.</summary>
    [Range(1, 1000, ErrorMessage = "must be between 1 and 1000")]
    public int HealthyAfter { get; init; } = 2;

    /// <summary>Failed probes in a row that make a healthy endpoint unhealthy. Default: 3.</summary>
    [Range(1, 1000, ErrorMessage = "must be between 1 and 1000")]
    public int UnhealthyAfter { get; init; } = 3;
}
