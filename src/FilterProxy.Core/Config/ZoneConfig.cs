using System.ComponentModel.DataAnnotations;

namespace FilterProxy.Core.Config;

/// <summary>A preference for endpoints that are near, told by a label.</summary>
internal sealed record ZoneConfig
{
    /// <summary>The label that says where an endpoint is. Default: zone.</summary>
    public string Label { get; init; } = "zone";

    /// <summary>The value of the label here, e.g. <c>${ZONE}</c>.</summary>
    public required string Local { get; init; }

    /// <summary>Percent of the near endpoints that must be healthy; with fewer those of other zones take part. Default: 50.</summary>
    [Range(0, 100, ErrorMessage = "must be between 0 and 100")]
    public int MinHealthy { get; init; } = 50;
}
