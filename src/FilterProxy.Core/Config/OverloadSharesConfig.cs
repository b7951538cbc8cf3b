using System.ComponentModel.DataAnnotations;

namespace FilterProxy.Core.Config;

/// <summary>The shares of a resource in use, in percent, that call for the stages of overload; 0 is never.</summary>
internal sealed record OverloadSharesConfig
{
    /// <summary>Percent from which on requests of low priority are refused. Default: 85.</summary>
    [Range(0, 100, ErrorMessage = "must be between 0 and 100")]
    public double Shed { get; init; } = 85;

    /// <summary>Percent from which on connections end with their current requests. Default: 90.</summary>
    [Range(0, 100, ErrorMessage = "must be between 0 and 100")]
    public double Close { get; init; } = 90;

    /// <summary>Percent from which on no new connections are taken. Default: 95.</summary>
    [Range(0, 100, ErrorMessage = "must be between 0 and 100")]
    public double Refuse { get; init; } = 95;

    /// <summary>A stage is left below this much of its share, in percent. Default: 95.</summary>
    [Range(1, 100, ErrorMessage = "must be between 1 and 100")]
    public int Leave { get; init; } = 95;
}
