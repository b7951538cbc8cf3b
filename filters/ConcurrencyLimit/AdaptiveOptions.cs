using System.ComponentModel.DataAnnotations;

namespace FilterProxy.Filters.ConcurrencyLimit;

/// <summary>A limit that is found by how long answers take.</summary>
public sealed record AdaptiveOptions
{
    /// <summary>No less than this. 1 to 1000000. Default: 10.</summary>
    [Range(1, 1_000_000, ErrorMessage = "must be between 1 and 1000000")]
    public int Min { get; init; } = 10;

    /// <summary>No more than this. 1 to 1000000. Default: 1000.</summary>
    [Range(1, 1_000_000, ErrorMessage = "must be between 1 and 1000000")]
    public int Max { get; init; } = 1000;

    /// <summary>Times the usual latency that still counts as usual. 1 to 100. Default: 1.5.</summary>
    [Range(1, 100, ErrorMessage = "must be between 1 and 100")]
    public double Tolerance { get; init; } = 1.5;
}
